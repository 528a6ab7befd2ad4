/** The first rows of a dataset, for what they say about its columns. */
import { open } from 'node:fs/promises';
import type { Fields } from '../domain/columns.ts';
import type { ArchiveSpec, DatasetSpec, FilesSpec, TableSpec } from '../domain/dataset-spec.ts';
import { createArchiveSource } from './archive/archive-source.ts';
import { openArchiveSlice } from './archive/archive-slice.ts';
import type { MemberLimits } from './archive/entry.ts';
import { HEAD_BYTES, withHead, type ByteFiles } from './bytes/byte-file.ts';
import { planCells } from './csv/cell-plan.ts';
import { openCsvSlice } from './csv/csv-slice.ts';
import { locateBlob } from './inline/blob-range.ts';
import { createInlineSource } from './inline/inline-source.ts';
import { openJsonlSlice } from './jsonl/jsonl-slice.ts';
import { encodeRange } from './lines/line-range.ts';
import { MAX_RECORD_BYTES } from './max-record-bytes.ts';
import { invalidReason } from './row-reference.ts';
import type { FileRows } from './slice-rows.ts';
import type { DatasetSource } from './source.ts';

/** How many rows are looked at. The documentation names these numbers. */
export const MAX_FIRST_ROWS = 1_000;
const MAX_FIRST_MEMBERS = 100;
const LIMITS: MemberLimits = { maxFileBytes: 16 * 1024 * 1024, maxFetchRatio: 1_000 };

export type RowsSpec = Exclude<TableSpec, { type: 'parquet' }> | ArchiveSpec | InlineSpec;
type InlineSpec = Extract<DatasetSpec, { type: 'inline' }>;

export interface FirstRowsDeps {
  readonly files: ByteFiles;
  /** Lists archives that a glob names. */
  readonly listFiles: (of: FilesSpec) => DatasetSource;
}

/**
 * The values of each row, by the names that columns have in the file. Leaves out rows that are no records. Rejects as
 * reading the file does.
 */
export async function firstRows(
  spec: RowsSpec,
  { files, listFiles }: FirstRowsDeps,
  signal: AbortSignal,
): Promise<Fields[]> {
  switch (spec.type) {
    case 'inline':
      return inlineRows(spec, signal);
    case 'archive':
      return memberRows(spec, files, listFiles, signal);
    case 'jsonl':
      return headRows(spec, files, signal, (file, ref) => openJsonlSlice(file, { ref }, {}, signal));
    case 'csv': {
      // Every column, as it is written.
      const plan = planCells({ ...spec, columns: undefined, fields: null, text: null });
      return headRows(spec, files, signal, (file, ref) => openCsvSlice(file, { ref }, plan, null, signal));
    }
  }
}

/** A record that ends beyond the beginning of the file is cut, so it is no record. */
async function headRows(
  spec: Extract<RowsSpec, { type: 'jsonl' | 'csv' }>,
  files: ByteFiles,
  signal: AbortSignal,
  read: (file: Parameters<typeof openJsonlSlice>[0], ref: string) => AsyncIterable<FileRows>,
): Promise<Fields[]> {
  return withHead(files, spec.path, signal, async (file) => {
    const start = spec.type === 'csv' ? spec.start : { from: 0, line: 1 };
    const to = Math.max(start.from, Math.min(file.size, start.from + MAX_RECORD_BYTES));
    const found: Fields[] = [];
    let bytes = 0;
    for await (const chunk of read(file, encodeRange({ ...start, to }))) {
      add(found, chunk, MAX_FIRST_ROWS, ({ fields }) => fields);
      bytes += chunk.bytes;
      if (found.length === MAX_FIRST_ROWS || bytes >= HEAD_BYTES) break;
    }
    return found;
  });
}

type Good = Extract<ReturnType<FileRows['record']>, { ok: true }>;

function add(found: Fields[], chunk: FileRows, most: number, columnsOf: (row: Good) => Fields): void {
  for (let at = 0; at < chunk.count && found.length < most; at++) {
    const row = chunk.record(at);
    if (row.ok) found.push(columnsOf(row));
  }
}

async function memberRows(
  spec: ArchiveSpec,
  files: ByteFiles,
  listFiles: FirstRowsDeps['listFiles'],
  signal: AbortSignal,
): Promise<Fields[]> {
  const found: Fields[] = [];
  const source = createArchiveSource(spec, files, listFiles);
  for await (const slice of source.slices!(null, (row) => (row === 0 ? MAX_FIRST_MEMBERS : 0), signal)) {
    for await (const chunk of openArchiveSlice(spec, slice, { files, limits: LIMITS, signal })) {
      add(found, chunk, MAX_FIRST_MEMBERS, ({ columns }) => columns ?? {});
    }
    break;
  }
  return found;
}

async function inlineRows(spec: InlineSpec, signal: AbortSignal): Promise<Fields[]> {
  const found: Fields[] = [];
  const blob = await open(spec.blob, 'r');
  try {
    let rows = 0;
    for await (const { row } of createInlineSource(spec).read(null, signal)) {
      const place = invalidReason(row) === null ? locateBlob(spec.blob, row) : null;
      if (place?.kind === 'record') {
        const bytes = Buffer.alloc(place.length);
        await blob.read(bytes, 0, place.length, place.offset);
        found.push(JSON.parse(bytes.toString()) as Fields);
      }
      if (++rows === MAX_FIRST_ROWS) break;
    }
  } finally {
    await blob.close();
  }
  return found;
}
