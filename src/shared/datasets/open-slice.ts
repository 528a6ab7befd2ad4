/** Opens a slice of a dataset, in any process. */
import { isSlice, type BlockContent, type BlockSlice, type NamedRows } from '../domain/block.ts';
import type { DatasetSpec } from '../domain/dataset-spec.ts';
import { ForebayError, InvariantError } from '../errors.ts';
import { openJsonlSlice, type SliceRows } from './jsonl/jsonl-slice.ts';
import { createNameList } from './name-list.ts';

export type { SliceRows };

/**
 * Yields the rows in chunks, exactly as many as the slice has. Throws ForebayError `dataset_changed`, `input_not_found` or
 * `input_unreadable`.
 */
export async function* openSlice(
  dataset: DatasetSpec,
  slice: BlockSlice,
  signal: AbortSignal,
): AsyncGenerator<SliceRows> {
  if (dataset.type !== 'jsonl') throw new InvariantError(`a dataset of type "${dataset.type}" has no slices`);
  let rows = 0;
  for await (const chunk of openJsonlSlice(dataset.path, slice, signal)) {
    rows += chunk.count;
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
): Promise<NamedRows> {
  if (!isSlice(content)) return content;
  const names = createNameList(content.firstRow);
  for await (const chunk of openSlice(dataset, content, signal)) names.add(chunk);
  return names.end();
}
