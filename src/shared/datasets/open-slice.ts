/** Opens a slice of a dataset, in any process. */
import { isSlice, type BlockContent, type BlockSlice, type NamedRows } from '../domain/block.ts';
import {
  hasParts,
  isTable,
  withoutJoin,
  type ArchiveSpec,
  type DatasetSpec,
  type PartsSpec,
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
import { pathBelow } from './base-path.ts';
import { decodeParts } from './parts/part-ref.ts';
import { tableOfPart } from './parts/part-table.ts';
import { decodeVersions } from './ref-text.ts';
import { namedRows, namedRowsOf, type FileRows, type RowRecord, type SliceRows } from './slice-rows.ts';
import { counted } from '../text/counted.ts';

/** For callers that need no bytes of large members. */
const NO_LIMITS: MemberLimits = { maxFileBytes: 64 * 1024 * 1024, maxFetchRatio: 1_000 };

export interface OpenOptions {
  readonly limits?: MemberLimits;
  /** The field that the model's task reads, if it can hold a whole file. See openJsonlSlice. */
  readonly fileField?: string | null;
}

function rowsOf(
  dataset: TableSpec,
  file: ByteFile,
  slice: Pick<BlockSlice, 'ref'>,
  { fileField }: OpenOptions,
  signal: AbortSignal,
): AsyncIterable<FileRows> {
  switch (dataset.type) {
    case 'jsonl':
      return openJsonlSlice(file, slice, { ...dataset, fileField }, signal);
    case 'csv': {
      const joinPlan = dataset.join ? planJoin(dataset, dataset.join) : null;
      return openCsvSlice(file, slice, planCells(dataset), joinPlan, signal);
    }
    case 'parquet':
      return openParquetSlice(file, slice, dataset, signal);
  }
}

/**
 * Yields exactly the rows of the slice, in chunks. Throws ForebayError `dataset_changed`, `input_not_found` or
 * `input_unreadable`.
 */
export async function* openSlice(
  files: ByteFiles,
  dataset: DatasetSpec,
  slice: BlockSlice,
  signal: AbortSignal,
  options: OpenOptions = {},
): AsyncGenerator<SliceRows> {
  let rows = 0;
  for await (const chunk of chunksOf(files, dataset, slice, signal, options)) {
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
  options: OpenOptions,
): AsyncGenerator<SliceRows> {
  if (dataset.type !== 'archive' && !isTable(dataset)) {
    throw new InvariantError(`a dataset of type "${dataset.type}" has no slices`);
  }
  if (isTable(dataset) && hasParts(dataset)) {
    yield* partsChunks(files, dataset, slice.ref, decodeVersions(slice.check), signal, options);
    return;
  }
  const { limits = NO_LIMITS } = options;
  const chunks =
    dataset.type === 'archive'
      ? openArchiveSlice(dataset, slice, { files, limits, signal })
      : fileChunks(files, dataset, dataset.path, slice, signal, options);
  let { firstRow } = slice;
  for await (const chunk of chunks) {
    yield namedRows(chunk, firstRow);
    firstRow += chunk.count;
  }
}

/** `check`: the version that the file must have. Null: any. */
async function* fileChunks(
  files: ByteFiles,
  dataset: TableSpec,
  path: string,
  { ref, check }: { readonly ref: string; readonly check: string | null },
  signal: AbortSignal,
  options: OpenOptions,
): AsyncGenerator<FileRows> {
  const file = await files.open(path, signal);
  try {
    if (check !== null) checkVersion(file, check);
    const table = hasParts(dataset) ? await tableOfPart(dataset, path, file, signal) : dataset;
    yield* rowsOf(table, file, { ref }, options, signal);
  } finally {
    await file.close();
  }
}

/** `versions`: those that the files must have. Null: any. */
async function* partsChunks(
  files: ByteFiles,
  dataset: PartsSpec,
  ref: string,
  versions: readonly string[] | null,
  signal: AbortSignal,
  options: OpenOptions = {},
): AsyncGenerator<SliceRows> {
  for (const [i, part] of decodeParts(ref).entries()) {
    const path = pathBelow(dataset.base, part.name);
    const check = versions === null ? null : (versions[i] ?? '');
    let row = part.first;
    for await (const chunk of fileChunks(files, dataset, path, { ref: part.ref, check }, signal, options)) {
      yield namedRowsOf(part.name, chunk, row);
      row += chunk.count;
    }
    if (row !== part.first + part.count) throw otherCount(path, row - part.first, part.count);
  }
}

function checkCount(rows: number, dataset: DatasetSpec, { count }: BlockSlice): void {
  if (rows !== count) throw otherCount('path' in dataset ? dataset.path : dataset.type, rows, count);
}

function otherCount(path: string, rows: number, wanted: number): ForebayError {
  return new ForebayError(
    'dataset_changed',
    `${shownPath(path)} has ${counted(rows, 'row')} where the job found ${wanted}. Submit it as a new job.`,
  );
}

export interface SliceRow {
  readonly record: RowRecord;
  /** The columns that go to the output, as a JSON object. Null: none do. */
  readonly joined: Uint8Array | null;
  /** See FileRows. */
  readonly place: string | null;
}

function firstOf(chunk: FileRows): SliceRow {
  const record = chunk.record(0);
  const joined = chunk.joined?.().slice(0, 1).own() ?? null;
  return { record, joined, place: chunk.place?.(0) ?? null };
}

/**
 * Reads one row, whatever the version of the file. `ref`: the reference of a slice with only this row. Throws as
 * openSlice does.
 */
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
  const rows = hasParts(dataset)
    ? partsChunks(files, dataset, ref, null, signal)
    : fileChunks(files, dataset, dataset.path, { ref, check: null }, signal, {});
  for await (const chunk of rows) return firstOf(chunk);
  throw new ForebayError('dataset_changed', `${shownPath(dataset.path)} no longer has the row at ${ref}`);
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
