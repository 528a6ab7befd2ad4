import { expect, it } from 'vitest';
import { effectiveOptions, settleTaskOptions } from '#forebay/shared/tasks/option-values.js';
import { JOB_OPTION_NAMES } from '#forebay/shared/domain/job/job-options.js';
import { OPTION_NAMES, withDefaultOptions } from '#forebay/shared/tasks/requested-options.js';
import { TASK_OPTION_NAMES } from '#forebay/shared/tasks/task-options.js';
import { TASKS } from '#forebay/shared/tasks/task-descriptions.js';
import { checkedConfig } from '../../../support/onnx/models.ts';

const config = checkedConfig({
  name: 'm',
  task: 'image-classification',
  preprocess: { crop: 8, decode: 'fast' },
  top_k: 3,
});

it('a job stores what the request gives, the number of answers of the model, and leaves the rest to the model', () => {
  expect(settleTaskOptions(config, withDefaultOptions({}))).toEqual({
    top_k: 3,
    decode: null,
    threshold: null,
  });
  const asked = withDefaultOptions({ top_k: 1, decode: 'exact' });
  expect(settleTaskOptions(config, asked)).toEqual({ top_k: 1, decode: 'exact', threshold: null });
});

it('a batch runs with the values of the job, then with those of the model', () => {
  expect(effectiveOptions(config, { top_k: 1 })).toEqual({ top_k: 1, decode: 'fast', threshold: null });
  expect(effectiveOptions(config, { decode: 'shrink' })).toEqual({
    top_k: 3,
    decode: 'shrink',
    threshold: null,
  });
});

it('a model that only a worker of an older version knows counts as a classifier of images', () => {
  expect(settleTaskOptions(null, withDefaultOptions({}))).toEqual({
    top_k: 5,
    decode: null,
    threshold: null,
  });
});

it('a prompt that the model does not have is refused, with the names of those that it has', () => {
  const text = { name: 'm', task: 'text-embedding', prompts: { query: 'query: ', passage: 'passage: ' } };
  const settle = (prompt: string, more: object = text) =>
    settleTaskOptions(checkedConfig(more), withDefaultOptions({ prompt }));
  expect(settle('query')).toEqual({ prompt: 'query', dimensions: null });
  expect(() => settle('qury')).toThrow(
    'there is no prompt "qury"; the model has query, passage; did you mean "query"?',
  );
  expect(() => settle('query', { ...text, prompts: undefined })).toThrow('the model has no prompts');
  expect(() => checkedConfig({ ...text, prompt: 'querry' })).toThrow(/\/prompt.*did you mean/);
});

it('the digest of a request covers the options of the first version in their order, and later ones only if given', () => {
  expect(Object.keys(withDefaultOptions({}))).toEqual([
    'batch_size',
    'block_rows',
    'concurrency',
    'max_errors',
    'priority',
    'top_k',
    'decode',
    'limit',
  ]);
});

it('no task option has the name of an option that every job has, and each belongs to a task', () => {
  expect(OPTION_NAMES).toHaveLength(JOB_OPTION_NAMES.length + TASK_OPTION_NAMES.length);
  const taken = new Set(TASKS.flatMap((task) => task.options));
  expect([...taken].toSorted()).toEqual([...TASK_OPTION_NAMES].toSorted());
});
