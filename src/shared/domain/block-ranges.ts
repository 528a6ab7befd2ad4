/** The states of a job's blocks, as ranges. Pure. */

/**
 * `retrying`: a run of it has failed or died. `not_run`: the job has ended without it. `unread`: the dataset has not been
 * read that far.
 */
export const BLOCK_STATES = ['done', 'running', 'retrying', 'queued', 'not_run', 'unread'] as const;
export type BlockState = (typeof BLOCK_STATES)[number];

/** `count` blocks from block `from` on. */
export interface BlockRange {
  readonly from: number;
  readonly count: number;
  readonly state: BlockState;
}

export interface BlockMap {
  /** Blocks that the feeder has read so far. */
  readonly read: number;
  /** From block 0 to `read` - 1, without gaps. */
  readonly ranges: readonly BlockRange[];
}

/** `others`: blocks below `read` that are not done, in ascending order. */
export function blockRanges(read: number, others: Iterable<readonly [number, BlockState]>): BlockRange[] {
  const ranges: { from: number; count: number; state: BlockState }[] = [];
  const add = (from: number, count: number, state: BlockState) => {
    const last = ranges.at(-1);
    if (last?.state === state) last.count += count;
    else if (count > 0) ranges.push({ from, count, state });
  };
  let next = 0;
  for (const [block, state] of others) {
    add(next, block - next, 'done');
    add(block, 1, state);
    next = block + 1;
  }
  add(next, read - next, 'done');
  return ranges;
}
