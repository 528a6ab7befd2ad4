import { expect, it } from 'vitest';
import type { ModelConfig } from '#forebay/shared/domain/model/model-config.js';
import type { GraphTensor } from '#forebay/shared/models/graph-tensor.js';
import { rowFieldsOf } from '#forebay/shared/tasks/task-descriptions.js';

const config = (task: string, more: object = {}) =>
  ({ name: 'm', pool: 'default', task, ...more }) as unknown as ModelConfig;
const input = (name: string, type: string): GraphTensor => ({ name, type, shape: ['N', 1] });

const TABLE = config('tabular', {
  columns: [
    { name: 'age', missing: 'error' },
    { name: 'city', from: 'town', missing: 'error' },
    { name: 'income', missing: 'zero' },
  ],
  example: { age: 3, town: 'Bern', income: 1 },
});

it('names the field of an image or a text, and of an older worker', () => {
  expect(rowFieldsOf(null, null)).toEqual({ names: ['image'], needed: ['image'], text: null });
  expect(rowFieldsOf(config('text-classification'), null)).toEqual({
    names: ['text', 'text_pair'],
    needed: ['text'],
    text: null,
    strings: ['text', 'text_pair'],
  });
});

it('takes columns of text and of numbers from the graph, or from the example until a worker has loaded the graph', () => {
  const names = ['age', 'town', 'income'];
  const needed = ['age', 'town'];
  expect(rowFieldsOf(TABLE, null)).toEqual({
    names,
    needed,
    text: ['town'],
    strings: ['town'],
    numbers: ['age', 'income'],
  });
  const graph = [input('age', 'string'), input('city', 'float32'), input('income', 'float32')];
  expect(rowFieldsOf(TABLE, graph)).toEqual({
    names,
    needed,
    text: ['age'],
    strings: ['age'],
    numbers: ['town', 'income'],
  });
  const unknown = config('tabular', { columns: [{ name: 'age', missing: 'error' }] });
  expect(rowFieldsOf(unknown, null)).toMatchObject({ text: [], numbers: [] });
  expect(rowFieldsOf(TABLE, [input('all', 'string')])).toMatchObject({ text: names });
});

it('reads all inputs of a tensor model but its constants', () => {
  const tensors = config('tensors', { inputs: { rate: { value: 1 } } });
  expect(rowFieldsOf(tensors, null)).toEqual({ names: null, needed: [], text: [] });
  expect(rowFieldsOf(tensors, [input('x', 'float32'), input('rate', 'int64'), input('s', 'string')])).toEqual(
    {
      names: ['x', 's'],
      needed: ['x', 's'],
      text: ['s'],
      refused: ['rate'],
    },
  );
});
