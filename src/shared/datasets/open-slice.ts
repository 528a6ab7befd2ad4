/** Opens a slice of a dataset, in any process. */
import type { BlockContent, BlockRows, BlockSlice } from '../domain/block.ts';
import { isSlice } from '../domain/block.ts';
import type { DatasetSpec } from '../domain/dataset-spec.ts';
import type { RowRef } from '../domain/row.ts';
import { ForebayError, InvariantError } from '../errors.ts';
import { openJsonlSlice, type SliceRow } from './jsonl/jsonl-slice.ts';

export type { SliceRow };

/**
 * Yields the rows in chunks, exactly as many as the slice has. Throws ForebayError `dataset_changed`, `input_not_found` or
 * `input_unreadable`.
 */
export async function* openSlice(
  dataset: DatasetSpec,
  slice: BlockSlice,
  signal: AbortSignal,
): AsyncGenerator<SliceRow[]> {
  if (dataset.type !== 'jsonl') throw new InvariantError(`a dataset of type "${dataset.type}" has no slices`);
  let rows = 0;
  for await (const chunk of openJsonlSlice(dataset.path, slice, signal)) {
    rows += chunk.length;
    yield chunk;
  }
  if (rows === slice.count) return;
  throw new ForebayError(
    'dataset_changed',
    `${dataset.path} has ${rows} rows where the job found ${slice.count}. Submit it as a new job.`,
  );
}

/** The rows of a block with their ids. Reads the slice if the rows are not listed. */
export async function listRows(
  dataset: DatasetSpec,
  content: BlockContent,
  signal: AbortSignal,
): Promise<BlockRows> {
  if (!isSlice(content)) return content;
  const rows: RowRef[] = [];
  for await (const chunk of openSlice(dataset, content, signal)) {
    for (const { id } of chunk) rows.push({ id });
  }
  return { firstRow: content.firstRow, rows };
}
