// What model.json may say for the task "tensors".
import { expect, it } from 'vitest';
import { autoBatchSize, autoBlockRows, inputRowBytes } from '#forebay/shared/tasks/auto-batch.js';
import { effectiveOptions } from '#forebay/shared/tasks/option-values.js';
import { taskOf } from '#forebay/shared/tasks/task-descriptions.js';
import { readModelConfig } from '#forebay/shared/models/read-model-config.js';

const MODEL = { name: 'm', task: 'tensors' };

function configOf(more: object = {}) {
  const reading = readModelConfig({ ...MODEL, ...more });
  if (!reading.ok) throw new Error(JSON.stringify(reading.issues));
  return reading.config;
}

it.each<[string, object, number]>([
  ['nothing', {}, 4096],
  ['inputs without shapes', { inputs: { x: { batch_axis: 1 } } }, 4096],
  ['shapes', { inputs: { x: { shape: [3, null, 4] }, y: { shape: [2], dtype: 'int64' } } }, 48 + 16],
  ['a constant beside a shape', { inputs: { x: { shape: [3] }, y: { shape: [], value: 2 } } }, 12],
  ['row_bytes', { row_bytes: 70_000, inputs: { x: { shape: [3] } } }, 70_000],
])('the bytes of a row follow from a config with %s', (_what, config, bytes) => {
  expect(inputRowBytes(configOf(config))).toBe(bytes);
});

it('a config without shapes gets the batch size and the block size of small rows', () => {
  const config = configOf();
  expect(autoBatchSize(config)).toBe(128);
  expect(autoBlockRows(128, config)).toBe(1024);
  expect(autoBatchSize(configOf({ row_bytes: 2 ** 20 }))).toBeLessThan(8);
});

it('the task has no options, and a plan describes the answer', () => {
  const config = configOf({ outputs: { y: {}, z: { encoding: 'base64' } } });
  expect(effectiveOptions(config, {})).toEqual({});
  expect(taskOf(config).steps(config, {}).answer).toBe('y as lists, z as base64');
  expect(taskOf(config).steps(configOf(), {}).answer).toBe('all outputs of the graph, as lists');
});

it.each<[object, string, string]>([
  [{ inputs: { x: { batchaxis: 1 } } }, '/inputs/x/batchaxis', 'unknown field; did you mean "batch_axis"?'],
  [{ inputs: { x: { dtype: 'float' } } }, '/inputs/x/dtype', 'float32'],
  [{ inputs: { x: { value: 1, batch_axis: 0 } } }, '/inputs/x/batch_axis', 'the same for all rows'],
  [{ inputs: { x: { value: 1, example: 1 } } }, '/inputs/x/example', 'needs no example'],
  [{ inputs: { x: { example: [1], example_shape: [1] } } }, '/inputs/x/example_shape', 'has a shape already'],
  [{ outputs: {} }, '/outputs', 'at least one output'],
  [{ outputs: { y: { encoding: 'hex' } } }, '/outputs/y/encoding', 'base64'],
  [{ row_bytes: 0 }, '/row_bytes', '>=1'],
  [{ top_k: 5 }, '/top_k', 'unknown field'],
])('%j is refused at %s', (more, path, says) => {
  const reading = readModelConfig({ ...MODEL, ...more });
  expect(reading.ok ? [] : reading.issues).toEqual([
    { path, message: expect.stringContaining(says) as string },
  ]);
});
