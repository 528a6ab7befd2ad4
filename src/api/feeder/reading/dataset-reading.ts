/** Reads a job's dataset in blocks, from where feeding stopped. */
import type { SkippedCounter } from '../../../shared/datasets/skipped-counter.ts';
import { createSkippedCounter } from '../../../shared/datasets/skipped-counter.ts';
import type { DatasetSource } from '../../../shared/datasets/source.ts';
import { rowCount } from '../../../shared/domain/block.ts';
import type { Cursor } from '../../../shared/domain/dataset-spec.ts';
import type { JobOptions } from '../../../shared/domain/job/job.ts';
import type { Skipped } from '../../../shared/domain/skipped.ts';
import { InvariantError } from '../../../shared/errors.ts';
import type { FeedPosition } from '../../../shared/queue/blocks/job-window.ts';
import { splitDataset, type SplitBlock } from './splitter.ts';

type State =
  | { readonly name: 'closed' }
  /** `tally`: what was skipped so far. */
  | {
      readonly name: 'open';
      readonly blocks: AsyncGenerator<SplitBlock, void, undefined>;
      readonly tally: SkippedCounter;
    }
  /** Every block of the job has been in the window. */
  | { readonly name: 'ended' };

export interface ReadBlocks {
  readonly blocks: readonly SplitBlock[];
  /** The cursor after the last block. Null if there is no block. */
  readonly cursor: Cursor | null;
  /** All entries that were skipped, up to the job's `limit` if it has one. Null while there is more to read. */
  readonly skippedInAll: Skipped | null;
}

export interface DatasetReading {
  readonly state: State['name'];
  /** Opens the dataset at the saved position. From `closed` to `open` or `ended`. Does nothing in any other state. */
  open(): Promise<void>;
  /** Reads the next blocks: up to `most`, or fewer if they are large. Allowed only while `open`. */
  next(most: number): Promise<ReadBlocks>;
  /** Records that every block is reserved. From `open` to `ended`. */
  end(): void;
  /** Closes the reader's resources. Blocks that were read but not reserved are read again. */
  close(): Promise<void>;
}

/** Approximate maximum of rows that are read for one reservation. They stay in memory until they are reserved. */
const MOST_ROWS = 4_096;

export function createDatasetReading(deps: {
  source: DatasetSource;
  options: Pick<JobOptions, 'block_rows' | 'limit'>;
  /** The position where feeding stopped. */
  position: () => Promise<FeedPosition>;
  signal: AbortSignal;
}): DatasetReading {
  const { source, options, signal } = deps;
  let state: State = { name: 'closed' };

  function expectOpen(): State & { name: 'open' } {
    if (state.name === 'open') return state;
    throw new InvariantError(`the reading of the dataset is ${state.name}, not open`);
  }

  return {
    get state() {
      return state.name;
    },
    async open() {
      if (state.name !== 'closed') return;
      const { cursor, done } = await deps.position();
      if (done) {
        state = { name: 'ended' };
        return;
      }
      const tally = createSkippedCounter(cursor?.skipped);
      const blocks = splitDataset(source, {
        tally,
        from: cursor,
        blockRows: options.block_rows,
        limit: options.limit,
        signal,
      });
      state = { name: 'open', blocks, tally };
    },
    async next(most) {
      const { blocks: split, tally } = expectOpen();
      const blocks: SplitBlock[] = [];
      let ended = false;
      for (let rows = 0; blocks.length < most && rows < MOST_ROWS && !ended;) {
        const read = await split.next();
        if (read.done) {
          ended = true;
        } else {
          blocks.push(read.value);
          rows += rowCount(read.value.rows);
        }
      }
      return {
        blocks,
        cursor: blocks.at(-1)?.cursor ?? null,
        skippedInAll: ended ? tally.total() : null,
      };
    },
    end() {
      expectOpen();
      state = { name: 'ended' };
    },
    async close() {
      const left = state;
      state = { name: 'closed' };
      if (left.name === 'open') await left.blocks.return();
    },
  };
}
