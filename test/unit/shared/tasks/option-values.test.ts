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

it('a job stores the options of its request and the top_k of its model, and leaves other options open', () => {
  expect(settleTaskOptions(config, withDefaultOptions({}))).toEqual({
    top_k: 3,
    decode: null,
    threshold: null,
  });
  const asked = withDefaultOptions({ top_k: 1, decode: 'exact' });
  expect(settleTaskOptions(config, asked)).toEqual({ top_k: 1, decode: 'exact', threshold: null });
});

it('a batch runs with the options of the job, and with those of the model where the job leaves them open', () => {
  expect(effectiveOptions(config, { top_k: 1 })).toEqual({ top_k: 1, decode: 'fast', threshold: null });
  expect(effectiveOptions(config, { decode: 'shrink' })).toEqual({
    top_k: 3,
    decode: 'shrink',
    threshold: null,
  });
});

it('a model without a config counts as a classifier of images, because only an older worker may know it', () => {
  expect(settleTaskOptions(null, withDefaultOptions({}))).toEqual({
    top_k: 5,
    decode: null,
    threshold: null,
  });
});

it('an unknown prompt is refused with the names of the prompts that the model has', () => {
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

it('a request without options has exactly the options of the first version in their order, for a stable digest', () => {
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

it('no task option has the name of a job option, and each task option belongs to a task', () => {
  expect(OPTION_NAMES).toHaveLength(JOB_OPTION_NAMES.length + TASK_OPTION_NAMES.length);
  const taken = new Set(TASKS.flatMap((task) => task.options));
  expect([...taken].toSorted()).toEqual([...TASK_OPTION_NAMES].toSorted());
});
