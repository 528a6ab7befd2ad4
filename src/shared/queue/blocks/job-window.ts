/**
 * A job's window in Redis: the blocks that were read and are not committed. The feeder's lease fences every change that
 * the feeder makes. block-runs.ts has the runs of the blocks.
 */
import type { Redis } from 'ioredis';
import { decodeBlock, encodeBlock, type BlockContent, type BlockStats } from '../../domain/block.ts';
import type { PartRecord } from '../../domain/part-record.ts';
import { CURSOR, type Cursor } from '../../domain/dataset-spec.ts';
import { createBlockRuns } from './block-runs.ts';
import { createCommitBlocks, type BlockCounts } from './commit-blocks.ts';
import { jobKeys } from '../keys.ts';
import { createJobLeases, LeaseLost } from '../jobs/lease.ts';
import { createWaitingRecords } from './waiting-records.ts';
import type { RunScript } from '../scripts.ts';

export interface WindowEntry {
  readonly generation: number;
  /** Runs begun. */
  readonly attempts: number;
  /** Decodes the rows, which few callers need. */
  readonly rows: () => BlockContent;
}

/** The position where feeding continues. */
export interface FeedPosition {
  readonly nextBlock: number;
  /** The cursor after the last reserved block. Null at the beginning. */
  readonly cursor: Cursor | null;
  /** The whole dataset has been read. */
  readonly done: boolean;
}

export type JobWindow = ReturnType<typeof createJobWindow>;

export function createJobWindow(deps: { redis: Redis; run: RunScript; now?: () => number }) {
  const { redis, run } = deps;
  const commitBlocks = createCommitBlocks(deps);

  return {
    ...createJobLeases(deps),
    ...createBlockRuns(deps),
    ...createWaitingRecords(deps),

    async position(job: string): Promise<FeedPosition> {
      const [next, cursor, fed] = await redis.hmget(jobKeys(job).job, 'next_block', 'cursor', 'fed_all');
      return {
        nextBlock: Number(next ?? 0),
        cursor: cursor ? CURSOR.parse(JSON.parse(cursor)) : null,
        done: fed === '1',
      };
    },

    /**
     * Reserves the next blocks. Returns how many. 0 if the job takes none now (paused, cancelled). Throws LeaseLost.
     * `cursor`: after the last block. Null: the blocks are not of the dataset, so the cursor stays.
     */
    async reserve(
      job: string,
      lease: string,
      blocks: readonly { block: number; rows: BlockContent }[],
      cursor: Cursor | null,
    ): Promise<number> {
      const keys = jobKeys(job);
      const args = blocks.flatMap(({ block, rows }) => [block, encodeBlock(rows)]);
      const reply = (await run(
        'reserve-blocks',
        [keys.job, keys.window, keys.lease, keys.committed],
        [lease, cursor === null ? '' : JSON.stringify(cursor), ...args],
      )) as number;
      if (reply === -1) throw new LeaseLost(job);
      return Math.max(0, reply);
    },

    /** Numbers of the blocks in the window. */
    async blocks(job: string): Promise<number[]> {
      return (await redis.hkeys(jobKeys(job).window)).map(Number);
    },
    /** Generation, runs and rows of blocks in the window. Blocks that have left it are absent. */
    async entries(job: string, blocks: readonly number[]): Promise<Map<number, WindowEntry>> {
      const found = new Map<number, WindowEntry>();
      if (blocks.length === 0) return found;
      const keys = jobKeys(job);
      const [texts, attempts] = await Promise.all([
        redis.hmget(keys.window, ...blocks.map(String)),
        redis.hmget(keys.attempts, ...blocks.map(String)),
      ]);
      for (const [i, text] of texts.entries()) {
        if (!text) continue;
        const bar = text.indexOf('|');
        found.set(blocks[i]!, {
          generation: Number(text.slice(0, bar)),
          rows: () => decodeBlock(text.slice(bar + 1)),
          attempts: Number(attempts[i] ?? 0),
        });
      }
      return found;
    },
    /** The message of the last failed run of a block in the window. */
    async runError(job: string, block: number): Promise<string | null> {
      return redis.hget(jobKeys(job).errors, String(block));
    },

    /**
     * Gives blocks their next generation. Returns it by block. Blocks that have left the window are absent. Throws
     * LeaseLost.
     */
    async nextGeneration(
      job: string,
      lease: string,
      blocks: readonly number[],
    ): Promise<Map<number, number>> {
      const keys = jobKeys(job);
      const reply = (await run(
        'next-generation',
        [keys.window, keys.lease, keys.runs],
        [lease, ...blocks],
      )) as number[];
      if (reply[0] === -1) throw new LeaseLost(job);
      return new Map(blocks.map((b, i) => [b, reply[i]!] as const).filter(([, g]) => g > 0));
    },
    /** Removes blocks from the window without a commit. Throws LeaseLost. */
    async drop(job: string, lease: string, blocks: readonly number[]): Promise<void> {
      const keys = jobKeys(job);
      const reply = await run(
        'drop-blocks',
        [keys.window, keys.lease, keys.runs, keys.attempts, keys.errors, keys.journal],
        [lease, ...blocks],
      );
      if (reply === -1) throw new LeaseLost(job);
    },

    /**
     * Counts a block that no run will count: an earlier job's part that is adopted, or the part of a run that died.
     * Throws LeaseLost.
     */
    async commitFound(
      job: string,
      block: number,
      lease: string,
      counts: BlockCounts,
      stats: BlockStats,
      record: PartRecord | null = null,
    ): Promise<void> {
      const [outcome] = await commitBlocks(job, [{ block, token: '', counts, stats, record }], lease);
      if (outcome === 'superseded') throw new LeaseLost(job);
    },
  };
}
