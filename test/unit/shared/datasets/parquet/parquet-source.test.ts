/** How a Parquet file is cut, counted and checked at submit. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import { listRows, openSlice, readSliceRow } from '#forebay/shared/datasets/open-slice.js';
import { resolveTableSpec } from '#forebay/shared/datasets/table/resolve-table-spec.js';
import type { Slice } from '#forebay/shared/datasets/source.js';
import type { Cursor, TableSpec } from '#forebay/shared/domain/dataset-spec.js';
import type { RowFields } from '#forebay/shared/tasks/row-fields.js';
import { fixture, memoryFile, rowsOfFile } from '../../../../support/parquet-rows.ts';

const never = new AbortController().signal;
const spec: TableSpec = { type: 'parquet', path: fixture('plain-snappy'), base: '/', fields: ['n'] };

async function cut(from: Cursor | null, size: (row: number) => number): Promise<Slice[]> {
  const slices: Slice[] = [];
  for await (const slice of openDataset(spec).slices!(from, size, never)) slices.push(slice);
  return slices;
}

describe('slices', () => {
  it('have the wanted size, whatever the row groups are, and continue from any cursor', async () => {
    const slices = await cut(null, () => 30);
    expect(slices.map(({ firstRow, rows, ref }) => [firstRow, rows, ref])).toEqual([
      [0, 30, '0+30'],
      [30, 30, '30+30'],
      [60, 30, '60+30'],
      [90, 10, '90+10'],
    ]);
    expect(await cut(slices[1]!.cursor, () => 30)).toEqual(slices.slice(2));
    expect(await cut(null, (row) => (row < 60 ? 30 : 0))).toEqual(slices.slice(0, 2));
  });

  it('are refused if the file has another version', async () => {
    const [slice] = await cut(null, () => 30);
    await expect(cut({ index: 30, at: 'other' }, () => 30)).rejects.toMatchObject({
      code: 'dataset_changed',
    });
    const changed = { ...slice!, count: 30, check: 'other' };
    const opening = openSlice(LOCAL_FILES, spec, changed, never).next();
    await expect(opening).rejects.toMatchObject({ code: 'dataset_changed' });
  });

  it('open as packed records, and name their rows', async () => {
    const content = { firstRow: 30, count: 30, ref: '30+30', check: (await cut(null, () => 30))[0]!.check };
    const packed: string[] = [];
    for await (const chunk of openSlice(LOCAL_FILES, spec, content, never)) {
      for (let at = 0; at < chunk.count; at++) packed.push(chunk.packed!.json(at));
    }
    expect(packed).toEqual(Array.from({ length: 30 }, (_, i) => `{"n":${30 + i}}`));
    const names = await listRows(LOCAL_FILES, spec, content, never);
    expect(names).toMatchObject({ firstRow: 30, rows: { 29: { id: 'row-59' } } });
  });

  it('give single rows for retries and samples', async () => {
    for await (const { row } of openDataset(spec).read({ index: 98, at: '' }, never)) {
      expect(row).toEqual({ id: 'row-98', at: '98+1' });
      expect((await readSliceRow(LOCAL_FILES, spec, row.at!, never)).record).toMatchObject({
        id: 'row-98',
        json: '{"n":98}',
      });
      break;
    }
  });
});

it('reads the pages of the wanted columns and rows only', async () => {
  const reads: [number, number][] = [];
  const bytes = readFileSync(fixture('plain-index'));
  const file = memoryFile('counted.parquet', bytes, reads);
  await rowsOfFile(file, '0+1', { fields: [] });
  const begun = reads.length;
  await rowsOfFile(file, '85+1', { fields: ['x'] });
  const read = reads.slice(begun).reduce((sum, [, length]) => sum + length, 0);
  expect(read).toBeLessThan(bytes.length / 4);
  // A second time the pages are in memory.
  const again = reads.length;
  await rowsOfFile(file, '84+2', { fields: ['x'] });
  expect(reads.length).toBe(again);
});

describe('at submit', () => {
  const any: RowFields = { names: null, needed: [], text: null };
  const base = '/';
  const resolve = async (name: string, fields = any, columns?: Record<string, string>) => {
    const table = { type: 'parquet', path: fixture(name), base, columns } as const;
    return (await resolveTableSpec(LOCAL_FILES, table, fields, never)).spec;
  };

  it('the spec names the fields that the model reads', async () => {
    const fields: RowFields = { names: ['image'], needed: ['image'], text: null };
    expect(await resolve('images', fields)).toEqual({
      type: 'parquet',
      path: fixture('images'),
      base,
      fields: ['image'],
    });
  });

  it('a missing column is refused with the columns of the file', async () => {
    const fields: RowFields = { names: ['text'], needed: ['text'], text: null };
    await expect(resolve('images', fields)).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(/needs the field "text".*Its columns: image, label/s) as string,
    });
    await expect(resolve('images', fields, { text: 'labels' })).rejects.toMatchObject({
      message: expect.stringMatching(/no column "labels", but there is "label"/) as string,
    });
  });

  it('a column that is read must exist once and be readable, and others need not', async () => {
    await expect(resolve('twins')).rejects.toMatchObject({
      code: 'input_unreadable',
      message: expect.stringMatching(/has 2 columns that are named "a"/) as string,
    });
    expect(await resolve('twins', { names: ['b'], needed: ['b'], text: [] })).toMatchObject({
      fields: ['b'],
    });
  });

  it('a file without rows has a spec, and no rows', async () => {
    const empty = await resolve('empty');
    expect(await openDataset(empty).count(10, never)).toBe(0);
  });
});
