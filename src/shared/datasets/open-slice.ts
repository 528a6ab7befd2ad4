/** Opens a slice of a dataset, in any process. */
import { isSlice, type BlockContent, type BlockSlice, type NamedRows } from '../domain/block.ts';
import { isTable, type DatasetSpec, type TableSpec } from '../domain/dataset-spec.ts';
import { ForebayError, InvariantError } from '../errors.ts';
import { checkVersion, type ByteFile, type ByteFiles } from './bytes/byte-file.ts';
import { planCells } from './csv/cell-plan.ts';
import { openCsvSlice } from './csv/csv-slice.ts';
import { openJsonlSlice } from './jsonl/jsonl-slice.ts';
import { createNameList } from './name-list.ts';
import { openParquetSlice } from './parquet/parquet-slice.ts';
import type { RowRecord, SliceRows } from './slice-rows.ts';

function rowsOf(
  dataset: TableSpec,
  file: ByteFile,
  slice: Pick<BlockSlice, 'firstRow' | 'ref'>,
  signal: AbortSignal,
): AsyncIterable<SliceRows> {
  switch (dataset.type) {
    case 'jsonl':
      return openJsonlSlice(file, slice, dataset.columns ?? null, signal);
    case 'csv':
      return openCsvSlice(file, slice, planCells(dataset), signal);
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
): AsyncGenerator<SliceRows> {
  if (!isTable(dataset)) throw new InvariantError(`a dataset of type "${dataset.type}" has no slices`);
  let rows = 0;
  const file = await files.open(dataset.path, signal);
  try {
    checkVersion(file, slice.check);
    for await (const chunk of rowsOf(dataset, file, slice, signal)) {
      rows += chunk.count;
      yield chunk;
    }
  } finally {
    await file.close();
  }
  if (rows === slice.count) return;
  throw new ForebayError(
    'dataset_changed',
    `${file.name} has ${rows} rows where the job found ${slice.count}. Submit it as a new job.`,
  );
}

/** Reads one row, whatever the version of the file. `ref`: that of a slice with only this row. Throws as openSlice does. */
export async function readSliceRow(
  files: ByteFiles,
  dataset: TableSpec,
  ref: string,
  signal: AbortSignal,
): Promise<RowRecord> {
  const file = await files.open(dataset.path, signal);
  try {
    for await (const chunk of rowsOf(dataset, file, { firstRow: 0, ref }, signal)) return chunk.record(0);
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
  for await (const chunk of openSlice(files, dataset, content, signal)) names.add(chunk);
  return names.end();
}
