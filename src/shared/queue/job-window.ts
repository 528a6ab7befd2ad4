/**
 * A job's blocks between reading and commit: the window, the runs, the commit. Feeding calls are fenced by
 * the feeder's lease, committing by the run's token.
 */
import type { Redis } from 'ioredis';
import { CURSOR, type Cursor } from '../domain/dataset-spec.ts';
import { decodeBlockRows, encodeBlockRows, type BlockRows, type BlockStats } from '../domain/block.ts';
import type { JobSpec } from '../domain/job.ts';
import type { Skipped } from '../domain/skipped.ts';
import { readJournal, writeJournal, type RowJournal } from '../domain/row-journal.ts';
import { readJobSpec } from './job-record.ts';
import { jobKeys, WAKE_CHANNELS } from './keys.ts';
import { gatherTurns } from './gather-turns.ts';
import type { RunScript } from './scripts.ts';

/** The feeder's lease has gone to another process: stop feeding. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

export interface BegunRun {
  readonly block: BlockRows;
  /** Runs of this block begun so far, this one included. */
  readonly attempts: number;
  /** Runs before this one that ended without a word: their workers died, or were stopped for too long. */
  readonly died: number;
  readonly journal: RowJournal;
  readonly spec: JobSpec;
}

export interface WindowEntry {
  readonly generation: number;
  /** Runs begun. */
  readonly attempts: number;
  /** Decodes them: only when they are needed. */
  readonly rows: () => BlockRows;
}

export type CommitOutcome = 'counted' | 'counted_before' | 'superseded';

export type JobWindow = ReturnType<typeof createJobWindow>;

export function createJobWindow(deps: { redis: Redis; run: RunScript; now?: () => number }) {
  const { redis, run } = deps;
  const now = deps.now ?? Date.now;
  // Specs never change: parsed once a job, not once a block.
  const specs = new Map<string, JobSpec>();

  function keepSpec(job: string, text: string): JobSpec {
    const spec = readJobSpec(text);
    if (specs.size >= MAX_CACHED_SPECS) specs.clear();
    specs.set(job, spec);
    return spec;
  }

  const beginRuns = gatherTurns<{ block: number; generation: number; token: string }, BegunRun | null>(
    async (job, runs) => {
      const keys = jobKeys(job);
      const known = specs.get(job);
      const [text, ...begun] = (await run(
        'begin-runs',
        [keys.job, keys.window, keys.runs, keys.attempts, keys.journal],
        [now(), known ? 0 : 1, ...runs.flatMap(({ block, generation, token }) => [block, generation, token])],
      )) as [string, ...([] | [string, number, number, string | null])[]];
      if (begun.every((reply) => reply.length === 0)) return begun.map(() => null);
      const spec = known ?? keepSpec(job, text);
      return begun.map((reply) => {
        if (reply.length === 0) return null;
        const [rows, attempts, failed, journal] = reply;
        return {
          block: decodeBlockRows(rows),
          attempts,
          died: attempts - 1 - failed,
          journal: readJournal(journal),
          spec,
        };
      });
    },
  );

  const commitBlocks = gatherTurns<CommitRequest, CommitOutcome>(async (job, blocks) => {
    const keys = jobKeys(job);
    const replies = (await run(
      'commit-blocks',
      [
        keys.job,
        keys.window,
        keys.runs,
        keys.attempts,
        keys.committed,
        keys.events,
        keys.stats,
        keys.errors,
        keys.journal,
      ],
      [now(), WAKE_CHANNELS.progress, job, commitText(blocks)],
    )) as number[];
    return replies.map((reply) => COMMIT_OUTCOMES[reply]!);
  });

  return {
    async holdLease(job: string, token: string, ttlMs: number): Promise<boolean> {
      return (await run('hold-lease', [jobKeys(job).lease], [token, ttlMs])) === 1;
    },
    async dropLease(job: string, token: string): Promise<void> {
      await run('drop-lease', [jobKeys(job).lease], [token]);
    },

    /** Where feeding goes on: the next block and the cursor behind the last reserved one. */
    async position(job: string): Promise<{ nextBlock: number; cursor: Cursor | null; done: boolean }> {
      const [next, cursor, fed] = await redis.hmget(jobKeys(job).job, 'next_block', 'cursor', 'fed_all');
      return {
        nextBlock: Number(next ?? 0),
        cursor: cursor ? CURSOR.parse(JSON.parse(cursor)) : null,
        done: fed === '1',
      };
    },
    /** `skipped`: what the dataset was found to hold beside its rows. */
    async markFedAll(job: string, skipped: Skipped): Promise<void> {
      await redis.hset(jobKeys(job).job, 'fed_all', 1, 'skipped', JSON.stringify(skipped));
    },

    /** Reserves the next blocks. Returns how many; 0 when the job takes none now (paused, cancelled). */
    async reserve(
      job: string,
      lease: string,
      blocks: readonly { block: number; rows: BlockRows }[],
      cursor: Cursor,
    ): Promise<number> {
      const keys = jobKeys(job);
      const args = blocks.flatMap(({ block, rows }) => [block, encodeBlockRows(rows)]);
      const reply = (await run(
        'reserve-blocks',
        [keys.job, keys.window, keys.lease, keys.committed],
        [lease, JSON.stringify(cursor), ...args],
      )) as number;
      if (reply === -1) throw new LeaseLost(job);
      return Math.max(0, reply);
    },

    /** Numbers of the blocks in the window. */
    async blocks(job: string): Promise<number[]> {
      return (await redis.hkeys(jobKeys(job).window)).map(Number);
    },
    /** Generation and extent of blocks in the window; blocks that have left it are absent. */
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
          rows: () => decodeBlockRows(text.slice(bar + 1)),
          attempts: Number(attempts[i] ?? 0),
        });
      }
      return found;
    },
    /** Gives blocks their next generation. Returns it by block; blocks that have left the window are absent. */
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
     * Begins a run; null where it must not go on (committed, withdrawn, outdated, or the job does not run).
     * ForebayError `newer_version`.
     */
    async beginRun(job: string, block: number, generation: number, token: string): Promise<BegunRun | null> {
      return beginRuns(job, { block, generation, token });
    },
    /** Writes down what a run is about to begin; false when it is superseded. */
    async noteRow(job: string, block: number, token: string, journal: RowJournal): Promise<boolean> {
      const keys = jobKeys(job);
      return (await run('note-row', [keys.runs, keys.journal], [block, token, writeJournal(journal)])) === 1;
    },
    /** Ends a run without a commit: `handedBack` does not count as an attempt. False when superseded. */
    async leaveRun(
      job: string,
      block: number,
      token: string,
      how: 'handedBack' | { error: string },
    ): Promise<boolean> {
      const keys = jobKeys(job);
      const args = how === 'handedBack' ? ['1', ''] : ['0', how.error.slice(0, 500)];
      return (
        (await run(
          'leave-run',
          [keys.runs, keys.attempts, keys.job, keys.errors],
          [block, token, ...args],
        )) === 1
      );
    },
    /** Tells the feeder that a block has come off the queue without a commit: it need not wait for its sweep. */
    async announceLeft(job: string): Promise<void> {
      await redis.multi().hincrby(jobKeys(job).job, 'left', 1).publish(WAKE_CHANNELS.job, job).exec();
    },
    /** What the last failed run of a block in the window said. */
    async runError(job: string, block: number): Promise<string | null> {
      return redis.hget(jobKeys(job).errors, String(block));
    },

    /** Counts a published block, once. `by.feeder`: adopted from an earlier job, no run involved. */
    async commit(
      job: string,
      block: number,
      by: { run: string } | { feeder: string },
      counts: { succeeded: number; failed: number },
      stats: BlockStats,
    ): Promise<CommitOutcome> {
      // A feeder's commit is fenced by its lease elsewhere; a run's by its token.
      return commitBlocks(job, { block, token: 'run' in by ? by.run : '', counts, stats });
    },
  };
}

interface CommitRequest {
  readonly block: number;
  /** Of the run; '' where no run is involved. */
  readonly token: string;
  readonly counts: { readonly succeeded: number; readonly failed: number };
  readonly stats: BlockStats;
}

/**
 * For the script: the names of all stats, then each block with its stats in that order. One JSON text: a score of
 * arguments for each block cost the client twice as much.
 */
function commitText(blocks: readonly CommitRequest[]): string {
  const names = [...new Set(blocks.flatMap(({ stats }) => Object.keys(stats)))];
  return JSON.stringify({
    names,
    blocks: blocks.map(({ block, token, counts: { succeeded, failed }, stats }) => ({
      block: String(block),
      token,
      succeeded,
      failed,
      stats: names.map((name) => Math.round(stats[name] ?? 0)),
    })),
  });
}

const COMMIT_OUTCOMES: Readonly<Record<number, CommitOutcome>> = {
  1: 'counted',
  0: 'counted_before',
  [-1]: 'superseded',
};

const MAX_CACHED_SPECS = 256;
