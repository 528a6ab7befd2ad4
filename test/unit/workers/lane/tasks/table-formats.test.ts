/** The same table as JSONL, CSV and Parquet: a tabular model gets the same values, and bad rows have the same errors. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import { openSlice } from '#forebay/shared/datasets/open-slice.js';
import { ColumnRows } from '#forebay/shared/domain/column-rows.js';
import type { DatasetSpec } from '#forebay/shared/domain/dataset-spec.js';
import { readColumns } from '#forebay/workers/lane/tasks/tabular/columns-reader.js';
import { createReader } from '#forebay/workers/lane/tasks/tabular/create-reader.js';
import { createFeatureRows } from '#forebay/workers/lane/tasks/tabular/feature-rows.js';
import { createRecordsReader } from '#forebay/workers/lane/tasks/tabular/records-reader.js';
import { fixture, valuesOf } from '../../../../support/parquet-rows.ts';

const dir = mkdtempSync(join(tmpdir(), 'forebay-formats-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const never = new AbortController().signal;
const WHOLE = ['int8', 'uint32', 'bool'];
const NUMBERS = [...WHOLE, 'half', 'float', 'decimal'];
const TEXTS = ['text', 'bytes', 'fixed', 'date', 'millis', 'micros', 'nanos', 'local', 'time'];
const OTHERS = ['int64', 'uint64', 'floats', 'holes', 'nested', 'struct', 'structs', 'map'];

describe.each([...NUMBERS, ...TEXTS, ...OTHERS])('a column of the kind "%s"', (kind) => {
  it.each(['float64', 'int64', 'string'])('feeds a %s input like the same values in JSON', async (type) => {
    const values = await kindOf(kind);
    const parquet = await read(parquetSpec(kind), type);
    expect(await read(jsonlSpec(values), type)).toEqual(parquet);
    expect(parquet).toHaveLength(values.length);
    // CSV has no types, so only these columns mean the same there.
    const fits = type === 'string' ? TEXTS : type === 'int64' ? WHOLE : NUMBERS;
    if (fits.includes(kind)) expect(await read(csvSpec(values, type), type)).toEqual(parquet);
  });
});

async function kindOf(kind: string): Promise<unknown[]> {
  const rows = await valuesOf(fixture('kinds'), '0+4', { fields: [kind] });
  return rows.map((row) => (row as Record<string, unknown>)[kind]);
}

function parquetSpec(kind: string): DatasetSpec {
  return { type: 'parquet', path: fixture('kinds'), base: dir, fields: ['v'], columns: { v: kind } };
}

function jsonlSpec(values: readonly unknown[]): DatasetSpec {
  const path = join(dir, 'rows.jsonl');
  writeFileSync(path, values.map((v) => `${JSON.stringify({ v })}\n`).join(''));
  return { type: 'jsonl', path, base: dir };
}

function csvSpec(values: readonly unknown[], type: string): DatasetSpec {
  const path = join(dir, 'rows.csv');
  const cell = (value: unknown) =>
    typeof value === 'string' ? `"${value.replaceAll('"', '""')}"` : JSON.stringify(value ?? undefined);
  const head = 'v,other\n';
  writeFileSync(path, head + values.map((value) => `${cell(value) ?? ''},x\n`).join(''));
  const text = type === 'string' ? ['v'] : [];
  const start = { from: head.length, line: 2 };
  return { type: 'csv', path, base: dir, fields: ['v'], text, names: ['v', 'other'], delimiter: ',', start };
}

/** What the model gets of each row, or why it gets none. */
async function read(spec: DatasetSpec, type: string): Promise<unknown[]> {
  const readers = [createReader({ input: { name: 'X', type, shape: ['N', 1] }, columns: [column] })];
  const open = createFeatureRows(readers, null);
  const found: unknown[] = [];
  for await (const { firstRow, rows, ref, check } of openDataset(spec).slices!(null, () => 3, never)) {
    const slice = { firstRow, count: rows, ref, check };
    for await (const { columns, packed } of openSlice(LOCAL_FILES, spec, slice, never)) {
      // CSV has columns if all values are numbers.
      if (spec.type !== 'csv') expect(columns instanceof ColumnRows).toBe(spec.type === 'parquet');
      const features = open(columns?.length ?? packed!.length);
      const errors = columns
        ? readColumns(features, columns)
        : createRecordsReader(readers)(features, packed!);
      for (const [at, error] of errors.entries()) found.push(error ?? features.feeds([at])['X']!.data[0]);
      features.release();
    }
  }
  return found;
}

const column = { name: 'v', missing: 'error' } as const;
