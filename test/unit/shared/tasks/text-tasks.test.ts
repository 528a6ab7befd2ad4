import { expect, it } from 'vitest';
import type { ModelConfig } from '#forebay/shared/domain/model/model-config.js';
import { autoBatchSize, autoBlockRows, inputRowBytes } from '#forebay/shared/tasks/auto-batch.js';
import { effectiveOptions } from '#forebay/shared/tasks/option-values.js';
import { taskOf } from '#forebay/shared/tasks/task-descriptions.js';
import { checkedConfig } from '../../../support/onnx/models.ts';

const embedding = checkedConfig({
  name: 'm',
  task: 'text-embedding',
  pooling: 'mean',
  max_length: 256,
  prompts: { query: 'query: ' },
  prompt: 'query',
});

const tokens = { name: 'm', task: 'token-classification', labels: 'labels.txt', activation: 'softmax' };

function stepsOf(config: ModelConfig): string[] {
  const { prepare, answer } = taskOf(config).steps(config, effectiveOptions(config, {}));
  return [...prepare.map(({ does }) => does), answer];
}

it('batches and blocks of texts are small, because a text takes more time than its bytes suggest', () => {
  expect(inputRowBytes(embedding)).toBe(256 * 8 * 3);
  expect(autoBatchSize(embedding)).toBe(32);
  expect(autoBlockRows(32, embedding)).toBe(128);
  const named = checkedConfig({ ...embedding, batching: { batch_size: 256 } });
  expect(autoBatchSize(named)).toBe(256);
});

it('a plan says what happens to a text', () => {
  expect(stepsOf(embedding)).toEqual([
    'text to tokens, at most 256 (cut on the right), after the prompt "query"',
    'texts by length, into calls of similar length',
    'mean vector per text, of length 1',
  ]);
  const whole = checkedConfig({ ...embedding, pooling: 'none', normalize: false });
  expect(stepsOf(whole).at(-1)).toBe('one vector per text');
  const classes = { name: 'm', task: 'text-classification', labels: 'labels.txt', activation: 'softmax' };
  expect(stepsOf(checkedConfig({ ...classes, threshold: 0.5 })).at(-1)).toBe(
    'softmax, top 5, scores of 0.5 and more with labels',
  );
  expect(stepsOf(checkedConfig(tokens)).at(-1)).toBe('softmax, entities (simple)');
});

it('a classifier of texts must say what the numbers of its graph are', () => {
  const { activation: _, ...silent } = tokens;
  expect(() => checkedConfig(silent)).toThrow('/activation');
  expect(() => checkedConfig({ ...silent, task: 'text-classification' })).toThrow('/activation');
});

it('the files of a text model are its tokenizer and its labels', () => {
  const files = (config: ModelConfig) =>
    taskOf(config)
      .files(config)
      .map(({ field, name }) => [field, name]);
  expect(files(embedding)).toEqual([['tokenizer', 'tokenizer.json']]);
  expect(files(checkedConfig({ ...tokens, labels: 'tags.txt', tokenizer: 't.json' }))).toEqual([
    ['tokenizer', 't.json'],
    ['labels', 'tags.txt'],
  ]);
});
