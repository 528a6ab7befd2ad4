// What model.json may say about a tabular model, and which mistakes are reported.
import { expect, it } from 'vitest';
import { readModelConfig } from '#forebay/shared/models/read-model-config.js';
import { autoBatchSize, autoBlockRows, inputRowBytes } from '#forebay/shared/tasks/auto-batch.js';
import { effectiveOptions, settleTaskOptions } from '#forebay/shared/tasks/option-values.js';
import { TABULAR, type TabularConfig } from '#forebay/shared/tasks/tabular.js';
import type { ModelConfig } from '#forebay/shared/domain/model/model-config.js';

const read = (fields: object) => readModelConfig({ name: 'm', task: 'tabular', ...fields });

function configOf(fields: object): ModelConfig & TabularConfig {
  const reading = read(fields);
  if (!reading.ok) throw new Error(JSON.stringify(reading.issues));
  return reading.config as ModelConfig & TabularConfig;
}

function issuesOf(fields: object): string[] {
  const reading = read(fields);
  return reading.ok ? [] : reading.issues.map(({ path, message }) => `${path}: ${message}`);
}

it('a column is a name, or an object with a rule for missing values', () => {
  const { columns } = configOf({
    columns: ['age', { name: 'income', from: 'Einkommen', missing: 'mean', mean: 31.5 }],
  });
  expect(columns).toEqual([
    { name: 'age', missing: 'error' },
    { name: 'income', from: 'Einkommen', missing: 'mean', mean: 31.5 },
  ]);
});

it('reading a checked config again does not change it, so its hash stays the same', () => {
  const config = configOf({
    columns: ['a', { name: 'b', missing: 'zero' }],
    output: ['x'],
    example: { a: 1 },
  });
  expect(readModelConfig(config)).toEqual({ ok: true, config });
});

it.each<[string, object, RegExp]>([
  ['no columns', {}, /^\/columns: expected a list of columns$/],
  ['an empty list', { columns: [] }, /^\/columns: a tabular model has at least one column$/],
  [
    'an unknown rule',
    { columns: ['a', { name: 'b', missing: 'median' }] },
    /^\/columns\/1\/missing: .*"error"\|"zero"\|"mean"\|"nan"$/,
  ],
  [
    'a misspelt field',
    { columns: [{ name: 'a', mising: 'zero' }] },
    /^\/columns\/0\/mising: unknown field; did you mean "missing"\?$/,
  ],
  [
    'no mean',
    { columns: [{ name: 'a', missing: 'mean' }] },
    /^\/columns\/0\/mean: is missing: the rule "mean" needs/,
  ],
  [
    'a mean without its rule',
    { columns: [{ name: 'a', mean: 1 }] },
    /^\/columns\/0\/mean: has no use with the rule "error"/,
  ],
  ['a column twice', { columns: ['a', 'b', 'a'] }, /^\/columns\/2\/name: there are two columns "a"/],
  ['a column that is a number', { columns: [1] }, /^\/columns\/0: expected object/],
  [
    'two lists of classes',
    { columns: ['a'], classes: ['x'], labels: 'l.txt' },
    /^\/labels: contradicts "classes"/,
  ],
  [
    'classes for outputs that are returned as they are',
    { columns: ['a'], output: ['y'], classes: ['x'] },
    /^\/classes: has no use, because "output" is a list/,
  ],
  ['an output that is a number', { columns: ['a'], output: 1 }, /^\/output: expected string, .* or array/],
  [
    'an example that is a list',
    { columns: ['a'], example: { a: [1] } },
    /^\/example\/a: expected number, .* or string, .* or boolean/,
  ],
  ['pixels', { columns: ['a'], preprocess: { crop: 1 } }, /^\/preprocess: unknown field/],
])('%s is reported at its place', (_, fields, says) => {
  expect(issuesOf(fields)).toEqual([expect.stringMatching(says)]);
});

it('rows are small, so batches are large', () => {
  const config = configOf({ columns: ['a', 'b', 'c', 'd'] });
  expect(inputRowBytes(config)).toBe(16);
  expect(autoBatchSize(config)).toBe(1024);
});

it('a job may choose top_k, and has no option of image tasks', () => {
  const config = configOf({ columns: ['a'], top_k: 3 });
  const asked = { top_k: undefined, decode: undefined } as unknown as Parameters<typeof settleTaskOptions>[1];
  expect(settleTaskOptions(config, asked)).toEqual({ top_k: 3 });
  expect(effectiveOptions(config, { top_k: 7 })).toEqual({ top_k: 7 });
  expect(() => settleTaskOptions(config, { ...asked, decode: 'fast' })).toThrow(
    /"tabular" has no option decode/,
  );
});

it('a plan says what happens to columns and outputs', () => {
  const steps = (fields: object) => TABULAR.steps(configOf(fields), { top_k: 2 });
  expect(steps({ columns: ['a', { name: 'b', missing: 'zero' }] })).toEqual({
    prepare: [
      {
        operator: 'features',
        does: '2 columns of a record to the input tensors, missing values filled in for 1',
      },
    ],
    answer: 'top 2 of a classifier, or the number of a regression',
  });
  expect(steps({ columns: ['a'], output: ['x', 'y'] }).answer).toBe('outputs x, y as they are');
  expect(TABULAR.steps(null, { top_k: 5 }).prepare).toHaveLength(1);
});

it.each<[number, boolean, number]>([
  [4, false, 32_768],
  [16, false, 32_768],
  [17, false, 16_384],
  [40, false, 8192],
  [256, false, 8192],
  [4, true, 8192],
])('rows of %i numbers, with columns of the input: %s, come in blocks of %i rows', (columns, joins, rows) => {
  const config = configOf({ columns: Array.from({ length: columns }, (_, i) => `c${i}`) });
  expect(autoBlockRows(autoBatchSize(config), config, joins)).toBe(rows);
});
