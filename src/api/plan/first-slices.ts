/** The first slices of a table, as a job would cut them. A sample of a plan runs them as blocks. */
import type { DatasetSource } from '../../shared/datasets/source.ts';
import type { BlockSlice } from '../../shared/domain/block.ts';
import type { JobOptions } from '../../shared/domain/job/job.ts';

/** Enough that lanes see different rows. A worker may hold all of them. */
const SLICES = 4;

/** Empty if the dataset has no slices. Rejects as the source does. */
export async function firstSlices(
  source: DatasetSource,
  { block_rows: size, limit }: Pick<JobOptions, 'block_rows' | 'limit'>,
): Promise<BlockSlice[]> {
  const found: BlockSlice[] = [];
  if (source.slices === undefined) return found;
  const sizeAt = (row: number) => Math.min(size, (limit ?? Infinity) - row);
  for await (const { firstRow, rows, ref, check } of source.slices(
    null,
    sizeAt,
    new AbortController().signal,
  )) {
    found.push({ firstRow, count: rows, ref, check });
    if (found.length === SLICES) break;
  }
  return found;
}
