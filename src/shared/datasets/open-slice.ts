/** Opens a slice of a dataset, in any process. */
import { isSlice, type BlockContent, type BlockSlice, type NamedRows } from '../domain/block.ts';
import {
  isTable,
  withoutJoin,
  type ArchiveSpec,
  type DatasetSpec,
  type TableSpec,
} from '../domain/dataset-spec.ts';
import { ForebayError, InvariantError } from '../errors.ts';
import { checkVersion, type ByteFile, type ByteFiles } from './bytes/byte-file.ts';
import { planCells, planJoin } from './csv/cell-plan.ts';
import { openCsvSlice } from './csv/csv-slice.ts';
import { openJsonlSlice } from './jsonl/jsonl-slice.ts';
import { archiveSliceIds, openArchiveSlice, readArchiveRow } from './archive/archive-slice.ts';
import type { MemberLimits } from './archive/entry.ts';
import { createNameList } from './name-list.ts';
import { openParquetSlice } from './parquet/parquet-slice.ts';
import { shownPath } from '../stores/remote-url.ts';
import type { RowRecord, SliceRows } from './slice-rows.ts';

/** For callers that need no bytes of large members. */
const NO_LIMITS: MemberLimits = { maxFileBytes: 64 * 1024 * 1024, maxFetchRatio: 1_000 };

function rowsOf(
  dataset: TableSpec,
  file: ByteFile,
  slice: Pick<BlockSlice, 'firstRow' | 'ref'>,
  signal: AbortSignal,
): AsyncIterable<SliceRows> {
  switch (dataset.type) {
    case 'jsonl':
      return openJsonlSlice(file, slice, dataset, signal);
    case 'csv': {
      const joinPlan = dataset.join ? planJoin(dataset, dataset.join) : null;
      return openCsvSlice(file, slice, planCells(dataset), joinPlan, signal);
    }
    case 'parquet':
      return openParquetSlice(file, slice, dataset, signal);
  }
}

/**
 * Yields the rows in chunks, exactly as many as the slice has. Throws ForebayError `dataset_changed`, `input_not_found` or
 * `input_unreadable`.
 */
export async function* openSlice(
  files: ByteFiles,
  dataset: DatasetSpec,
  slice: BlockSlice,
  signal: AbortSignal,
  limits: MemberLimits = NO_LIMITS,
): AsyncGenerator<SliceRows> {
  let rows = 0;
  for await (const chunk of chunksOf(files, dataset, slice, signal, limits)) {
    rows += chunk.count;
    yield chunk;
  }
  checkCount(rows, dataset, slice);
}

async function* chunksOf(
  files: ByteFiles,
  dataset: DatasetSpec,
  slice: BlockSlice,
  signal: AbortSignal,
  limits: MemberLimits,
): AsyncGenerator<SliceRows> {
  if (dataset.type === 'archive') return yield* openArchiveSlice(dataset, slice, { files, limits, signal });
  if (!isTable(dataset)) throw new InvariantError(`a dataset of type "${dataset.type}" has no slices`);
  const file = await files.open(dataset.path, signal);
  try {
    checkVersion(file, slice.check);
    yield* rowsOf(dataset, file, slice, signal);
  } finally {
    await file.close();
  }
}

function checkCount(rows: number, dataset: DatasetSpec, { count }: BlockSlice): void {
  if (rows === count) return;
  const path = 'path' in dataset ? shownPath(dataset.path) : dataset.type;
  throw new ForebayError(
    'dataset_changed',
    `${path} has ${rows} rows where the job found ${count}. Submit it as a new job.`,
  );
}

export interface SliceRow {
  readonly record: RowRecord;
  /** The columns that go to the output, as a JSON object. Null: none do. */
  readonly joined: Uint8Array | null;
}

function firstOf(chunk: SliceRows): SliceRow {
  return { record: chunk.record(0), joined: chunk.joined?.().slice(0, 1).own() ?? null };
}

/** Reads one row, whatever the version of the file. `ref`: that of a slice with only this row. Throws as openSlice does. */
export async function readSliceRow(
  files: ByteFiles,
  dataset: TableSpec | ArchiveSpec,
  ref: string,
  signal: AbortSignal,
  limits: MemberLimits = NO_LIMITS,
): Promise<SliceRow> {
  if (dataset.type === 'archive') {
    const row = await readArchiveRow(dataset, ref, { files, limits, signal });
    if (row !== null) return firstOf(row);
    throw new ForebayError('dataset_changed', `${shownPath(dataset.path)} no longer has the row at ${ref}`);
  }
  const file = await files.open(dataset.path, signal);
  try {
    for await (const chunk of rowsOf(dataset, file, { firstRow: 0, ref }, signal)) return firstOf(chunk);
  } finally {
    await file.close();
  }
  throw new ForebayError('dataset_changed', `${file.name} no longer has the row at ${ref}`);
}

/** The rows of a block with their ids. Reads the slice if the rows are not listed. */
export async function listRows(
  files: ByteFiles,
  dataset: DatasetSpec,
  content: BlockContent,
  signal: AbortSignal,
): Promise<NamedRows> {
  if (!isSlice(content)) return content;
  const names = createNameList(content.firstRow);
  const chunks =
    dataset.type === 'archive'
      ? archiveSliceIds(dataset, content, { files, signal })
      : openSlice(files, isTable(dataset) ? withoutJoin(dataset) : dataset, content, signal);
  let rows = 0;
  for await (const chunk of chunks) {
    rows += chunk.count;
    names.add(chunk);
  }
  checkCount(rows, dataset, content);
  return names.end();
}
