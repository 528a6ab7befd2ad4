/** A model gets the same values, ids and errors of a CSV file, whether its rows travel as columns or as records. */
import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { openSlice } from '#forebay/shared/datasets/open-slice.js';
import type { SliceRows } from '#forebay/shared/datasets/slice-rows.js';
import { packRows, unpackRows, type PackedRows } from '#forebay/workers/lane/channel/packed-rows.js';
import { listOf, type LaneRows } from '#forebay/workers/lane/lane-rows.js';
import type { ColumnRows } from '#forebay/shared/domain/column-rows.js';
import { readColumns } from '#forebay/workers/lane/tasks/tabular/columns-reader.js';
import { createReader } from '#forebay/workers/lane/tasks/tabular/create-reader.js';
import { createFeatureRows, type FeatureRows } from '#forebay/workers/lane/tasks/tabular/feature-rows.js';
import { createRecordsReader } from '#forebay/workers/lane/tasks/tabular/records-reader.js';
import { csvFile } from '../../../../support/csv-file.ts';

const file = csvFile();
afterAll(() => file.remove());

const PLAIN = ['0', '7', '-3', '5.1', '0.30', '-0.25', '123456789012345', '', ' 8', '"9"'];
const EXACT = [
  '1e3',
  '1E-7',
  '1e-400',
  '12345678901234567890',
  '0.1234567890123456789',
  '3.5e38',
  '" 4\t"',
  '-0',
  '-0.0',
  '-1e-400',
];
const NO_NUMBERS = ['NA', 'true', 'False', '01', '+1', '.5', '5.', '1e', '[1]', '""', '"a,b"'];
const ODD = ['1e400', '-1e400', ...NO_NUMBERS];
const WRONG = ['"', '1"2', '"1"2', '1,2', '\n', '1\n2', '"a\nb"', '\xff', 'ä', '"1""2"'];

/** At most one cell is odd, because it turns all rows of its chunk into records. */
const tables = fc.record({
  rows: fc.array(fc.array(fc.constantFrom(...PLAIN, ...EXACT), { minLength: 4, maxLength: 4 }), {
    minLength: 1,
    maxLength: 12,
  }),
  odd: fc.option(fc.constantFrom(...ODD, ...WRONG), { nil: undefined }),
  oddColumn: fc.nat({ max: 3 }),
  names: fc.constantFrom(['a', 'b', 'c', 'note'], ['id', 'b', 'a', 'c'], ['', 'c', 'other', 'b']),
  eol: fc.constantFrom('\n', '\r\n'),
  delimiter: fc.constantFrom(',', '\t', ';'),
  bom: fc.constantFrom('', '\xef\xbb\xbf'),
  columns: fc.constantFrom(undefined, { a: 'b' }, { id: 'a', a: 'a' }, { id: 'c' }),
  isOpen: fc.boolean(),
});

const readers = [
  ['float32', 'a', 'error'],
  ['float64', 'b', 'nan'],
  ['int64', 'c', 'zero'],
].map(([type, name, missing]) =>
  createReader({
    input: { name: name!, type: type!, shape: ['N', 1] },
    columns: [{ name: name!, missing: missing as 'error' }],
  }),
);
const openRows = createFeatureRows(readers, null);
const readRecords = createRecordsReader(readers);

describe('columns of a CSV file', () => {
  it('give the same values, ids and errors as its records', async () => {
    let asColumns = 0;
    await fc.assert(
      fc.asyncProperty(tables, async ({ rows, odd, oddColumn, names, eol, delimiter, ...rest }) => {
        const { bom, columns, isOpen } = rest;
        if (odd !== undefined) rows[0]![oddColumn] = odd;
        const lines = [names, ...rows].map((cells) => cells.join(delimiter));
        file.write(Buffer.from(bom + lines.join(eol) + (isOpen ? '' : eol), 'latin1'));
        const spec = await file.spec({ fields: ['a', 'b', 'c'], columns, delimiter });
        for (const { firstRow, rows: count, ref, check } of await file.slices(spec, 5)) {
          for await (const chunk of openSlice(LOCAL_FILES, spec, { firstRow, count, ref, check }, never)) {
            if (!chunk.columns) continue;
            asColumns += 1;
            expect(values(chunk.count, (to) => readColumns(to, carried(chunk.columns!)))).toEqual(
              values(chunk.count, (to) => readRecords(to, chunk.packed!)),
            );
            expect(chunk.ids).toEqual(idsOf(chunk, firstRow));
            // For tasks that read records one by one.
            expect(parsed(chunk.columns)).toEqual(parsed(chunk.packed!));
          }
        }
      }),
      { numRuns: 150 },
    );
    expect(asColumns).toBeGreaterThan(20);
  });
});

const never = new AbortController().signal;

/** What the model gets of each row, or why it gets none. */
function values(count: number, read: (to: FeatureRows) => ReturnType<typeof readColumns>): unknown[] {
  const features = openRows(count);
  const found = read(features).map(
    (error, at) => error ?? Object.values(features.feeds([at])).map(({ data }) => data[0]),
  );
  features.release();
  return found;
}

/** As the lane gets them. */
function carried(columns: ColumnRows): ColumnRows {
  return unpackRows(deserialize(serialize(packRows(columns))) as PackedRows) as ColumnRows;
}

function parsed(rows: LaneRows): unknown[] {
  return listOf(rows).map((row) => ('json' in row ? (JSON.parse(row.json) as unknown) : row));
}

/** As the records have them. Each is a good one. */
function idsOf(chunk: SliceRows, firstRow: number): unknown {
  const records = Array.from({ length: chunk.count }, (_, at) => chunk.record(at));
  expect(records.map(({ ok }) => ok)).not.toContain(false);
  return chunk.ids && records.map(({ id }, at) => id ?? String(firstRow + at));
}
