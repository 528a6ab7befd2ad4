/** Cells of the grid of blocks. A cell stands for one block, or for several neighbours if there are too many blocks. */
import type { JobBlocksWire } from '../../src/api/http/wire/blocks.ts';
import type { BlockState } from '../../src/shared/domain/block-ranges.ts';

export interface Cells {
  /** Blocks per cell. */
  readonly per: number;
  readonly states: readonly BlockState[];
}

/** A cell shows the first of these that any of its blocks has. So a single retried block stands out among thousands. */
const SHOWN: readonly BlockState[] = ['retrying', 'running', 'queued', 'not_run', 'unread', 'done'];

export function cellsOf(ranges: JobBlocksWire['ranges'], most: number): Cells {
  const last = ranges.at(-1);
  const total = last === undefined ? 0 : last.from + last.count;
  const per = Math.max(1, Math.ceil(total / most));
  const states = Array.from<BlockState>({ length: Math.ceil(total / per) }).fill('done');
  const rank = (state: BlockState) => SHOWN.indexOf(state);
  for (const { from, count, state } of ranges) {
    const end = Math.floor((from + count - 1) / per);
    for (let cell = Math.floor(from / per); cell <= end; cell++) {
      if (rank(state) < rank(states[cell]!)) states[cell] = state;
    }
  }
  return { per, states };
}
