/** Rows that come to a lane as columns: they are the same rows, with the same errors, as if they had come as records. */
import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ColumnRows, type CellColumn } from '#forebay/shared/domain/column-rows.js';
import { recordsOf } from '#forebay/shared/rows/column-records.js';
import { packRows, unpackRows } from '#forebay/workers/lane/channel/packed-rows.js';
import { joinRows, listOf } from '#forebay/workers/lane/lane-rows.js';
import { readColumns } from '#forebay/workers/lane/tasks/tabular/columns-reader.js';
import { createReader } from '#forebay/workers/lane/tasks/tabular/create-reader.js';
import { createFeatureRows } from '#forebay/workers/lane/tasks/tabular/feature-rows.js';
import { createRecordsReader } from '#forebay/workers/lane/tasks/tabular/records-reader.js';

const ROWS = 6;
const size = { minLength: ROWS, maxLength: ROWS };
const EDGES = [
  0,
  -0,
  1,
  -1,
  0.1,
  127,
  128,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 53,
  1e39,
  5e-324,
  Number.NaN,
  -Infinity,
];
const number = fc.oneof(fc.constantFrom(...EDGES), fc.double());
const whole = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(2n ** 53n - 1n, -(2n ** 53n) + 1n, 2n ** 53n, -5n),
);
const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('', '7', 'a\0b', '\ud800', '"\\'));
const bytes = fc.uint8Array({ maxLength: 3 });
const list = fc.oneof(fc.float32Array({ maxLength: 3 }), fc.array(fc.option(number), { maxLength: 3 }));
const any = fc.oneof(
  number,
  whole,
  text,
  bytes,
  list,
  fc.boolean(),
  fc.record({ __proto__: number, b: text }),
);
const gaps = <T>(one: fc.Arbitrary<T>) => fc.array(fc.option(one), size);
/** As the reader of Parquet makes them. */
const cells = fc.oneof<fc.Arbitrary<ArrayLike<unknown>>[]>(
  fc.float64Array(size),
  fc.float32Array(size),
  fc.int32Array(size),
  fc.bigInt64Array(size),
  fc.bigUint64Array(size),
  fc.array(fc.integer({ min: -200, max: 300 }), size).map((some) => BigInt64Array.from(some, BigInt)),
  gaps(number),
  gaps(whole),
  gaps(text),
  gaps(fc.boolean()),
  gaps(list),
  gaps(any),
);
const NAMES = ['a', 'b', 'c', '__proto__', 'é"'];
const columns = fc
  .tuple(fc.subarray(NAMES), fc.array(cells, { minLength: NAMES.length, maxLength: NAMES.length }))
  .map(([names, all]): CellColumn[] => names.map((name, i) => ({ name, cells: all[i]! })));
/** Parts of chunks, as the batcher cuts and joins them. */
const part = fc
  .tuple(columns, fc.nat(ROWS), fc.nat(ROWS))
  .map(([some, a, b]) => ColumnRows.of(some, ROWS).slice(Math.min(a, b), Math.max(a, b)));
const rows = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => joinRows(parts) as ColumnRows);

const TYPES = ['float32', 'float64', 'int64', 'int32', 'uint8', 'bool', 'string'] as const;

it.each(TYPES)('a %s input gets the same values and errors from columns and from records', (type) => {
  const rules = type === 'string' ? ['error'] : ['error', 'zero'];
  fc.assert(
    fc.property(rows, fc.constantFrom(...rules), (given, missing) => {
      const named = NAMES.map((name) => ({ name, missing: missing as 'error' }));
      const readers = [
        createReader({ input: { name: 'X', type, shape: ['N', NAMES.length] }, columns: named }),
      ];
      const open = createFeatureRows(readers, null);
      const whole = open(given.length);
      const single = open(given.length);
      const errors = readColumns(whole, sent(given));
      expect(errors).toEqual(createRecordsReader(readers)(single, recordsOf(given)));
      const good = errors.flatMap((error, at) => (error === null ? [at] : []));
      expect(whole.feeds(good)).toEqual(single.feeds(good));
    }),
    { numRuns: 100 },
  );
});

it('a missing value may be NaN, -0 is 0 as in JSON, and a text that is no number is still an error', () => {
  const named = [
    { name: 'a', missing: 'nan' as const },
    { name: 'b', missing: 'mean' as const, mean: 2.5 },
  ];
  const readers = [createReader({ input: { name: 'X', type: 'float32', shape: ['N', 2] }, columns: named })];
  const features = createFeatureRows(readers, null)(3);
  const given = [
    { name: 'a', cells: [null, 1, '1'] },
    { name: 'b', cells: Float64Array.of(-0, Number.NaN, 7) },
  ];
  expect(readColumns(features, ColumnRows.of(given, 3))).toMatchObject([
    null,
    null,
    { message: 'column "a" is the string "1", but takes a number: write the number without quotes' },
  ]);
  expect(features.feeds([0, 1])['X']!.data).toEqual(Float32Array.of(Number.NaN, 0, 1, 2.5));
});

it('the advice for a number that is text says how to write it', () => {
  const input = { name: 'X', type: 'float32', shape: ['N', 1] } as const;
  const columns = [{ name: 'a', missing: 'error' as const }];
  const texts = ['7', ' -1.5e3 ', '+7', '007', '.5', '0x10', 'red', 'Infinity'];
  const features = createFeatureRows([createReader({ input, columns })], null)(texts.length);
  const given = [{ name: 'a', cells: texts }];
  const advice = readColumns(features, ColumnRows.of(given, texts.length)).map(
    (error) => /takes a number(?:: write the number (without|as JSON))?/.exec(error!.message)![1] ?? 'none',
  );
  expect(advice).toEqual(['without', 'without', 'as JSON', 'as JSON', 'as JSON', 'as JSON', 'none', 'none']);
});

it('tasks that read records get the same records from columns', () => {
  fc.assert(
    fc.property(rows, (given) => {
      expect(listOf(sent(given))).toEqual(listOf(given));
      for (const { json } of listOf(given) as { json: string }[]) JSON.parse(json);
    }),
  );
});

/** Copies rows as the channel between two processes does. */
function sent(given: ColumnRows): ColumnRows {
  return unpackRows(deserialize(serialize(packRows(given))) as ReturnType<typeof packRows>) as ColumnRows;
}

it.each([
  ['float32', 'a number, or set "missing" of the column in model.json to "zero", "mean" or "nan"'],
  ['int64', /^a whole number from .*, or set "missing" of the column in model.json to "zero" or "mean"$/],
  ['bool', 'true or false, or set "missing" of the column in model.json to "zero" or "mean"'],
  ['string', 'a string'],
])('a missing %s names only the rules that such a column can have', (type, needs) => {
  const reader = createReader({
    input: { name: 'x', type, shape: ['N', 1] },
    columns: [{ name: 'x', missing: 'error' }],
  });
  const [start, rest] = reader.read({}, reader.allocate(1), 0)!.message.split(' must hold ');
  expect(start).toBe('column "x" is missing: the field "x"');
  expect(rest).toEqual(typeof needs === 'string' ? needs : expect.stringMatching(needs));
});
