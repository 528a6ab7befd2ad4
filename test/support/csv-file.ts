/** Reads a CSV file as the API and a worker do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { withFile } from '#forebay/shared/datasets/bytes/byte-file.js';
import { createCsvSource, type CsvSpec } from '#forebay/shared/datasets/csv/csv-source.js';
import { readHeader } from '#forebay/shared/datasets/csv/read-header.js';
import { openSlice } from '#forebay/shared/datasets/open-slice.js';
import type { RowRecord } from '#forebay/shared/datasets/slice-rows.js';
import type { Slice } from '#forebay/shared/datasets/source.js';
import type { Cursor } from '#forebay/shared/domain/dataset-spec.js';

const never = new AbortController().signal;

export function csvFile() {
  const dir = mkdtempSync(join(tmpdir(), 'forebay-csv-'));
  const path = join(dir, 'rows.csv');

  return {
    path,
    write: (content: string | Uint8Array) => writeFileSync(path, content),
    remove: () => rmSync(dir, { recursive: true, force: true }),

    async spec(options: Partial<CsvSpec> = {}): Promise<CsvSpec> {
      const header = await withFile(LOCAL_FILES, path, never, async (file) =>
        readHeader(file, options.delimiter ?? null, never),
      );
      return { type: 'csv', path, base: dir, fields: null, text: [], ...header, ...options };
    },

    async slices(spec: CsvSpec, size: number, from: Cursor | null = null): Promise<Slice[]> {
      const found: Slice[] = [];
      for await (const slice of createCsvSource(spec, LOCAL_FILES).slices!(from, () => size, never))
        found.push(slice);
      return found;
    },

    /** The rows of a slice, as a worker sees them. */
    async open(spec: CsvSpec, { firstRow, rows, ref, check }: Slice): Promise<OpenedRow[]> {
      const found: OpenedRow[] = [];
      for await (const chunk of openSlice(LOCAL_FILES, spec, { firstRow, count: rows, ref, check }, never)) {
        for (let at = 0; at < chunk.count; at++) {
          const id = chunk.ids?.[at] ?? String(firstRow + found.length);
          const record = chunk.record(at);
          found.push({ id, record, packed: chunk.packed!.json(at) });
        }
      }
      return found;
    },

    /** The rows one by one, as a retry or a sample sees them. */
    async list(spec: CsvSpec): Promise<{ id: string; at: string }[]> {
      const rows: { id: string; at: string }[] = [];
      for await (const { row } of createCsvSource(spec, LOCAL_FILES).read(null, never))
        rows.push({ id: row.id, at: row.at! });
      return rows;
    },

    count: async (spec: CsvSpec) => createCsvSource(spec, LOCAL_FILES).count(Infinity, never),
  };
}

export interface OpenedRow {
  readonly id: string;
  readonly record: RowRecord;
  readonly packed: string;
}

/** The JSON of a row, or what is wrong with it. */
export function textOf({ record }: OpenedRow): string {
  return record.ok ? record.json : record.why;
}
