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
import { jobKeys, outputKey, WAKE_CHANNELS } from './keys.ts';
import { batchPerTurn } from './batch-per-turn.ts';
import { LeaseLost } from './lease.ts';
import type { RunScript } from './scripts.ts';

export interface BegunRun {
  readonly block: BlockRows;
  /** Runs of this block begun so far, this one included. */
  readonly attempts: number;
  /** Runs before this one that ended without a word: their workers died, or were stopped for too long. */
  readonly died: number;
  readonly journal: RowJournal;
  /** Hashes of the parts that earlier runs of this block announced. */
  readonly announced: readonly string[];
  readonly spec: JobSpec;
}

/** Whether a run may publish its part now. */
export type PublishPermit =
  /** `announced`: hashes of all parts that the block's runs announced, this one's too. */
  | { readonly may: true; readonly announced: readonly string[] }
  | { readonly may: false; readonly why: 'superseded' | 'output_lost' };

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

  const beginRuns = batchPerTurn<{ block: number; generation: number; token: string }, BegunRun | null>(
    async (job, runs) => {
      const keys = jobKeys(job);
      const known = specs.get(job);
      const [text, ...begun] = (await run(
        'begin-runs',
        [keys.job, keys.window, keys.runs, keys.attempts, keys.journal, keys.parts],
        [now(), known ? 0 : 1, ...runs.flatMap(({ block, generation, token }) => [block, generation, token])],
      )) as [string, ...([] | [string, number, number, string | null, string | null])[]];
      if (begun.every((reply) => reply.length === 0)) return begun.map(() => null);
      const spec = known ?? keepSpec(job, text);
      return begun.map((reply) => {
        if (reply.length === 0) return null;
        const [rows, attempts, failed, journal, parts] = reply;
        return {
          block: decodeBlockRows(rows),
          attempts,
          died: attempts - 1 - failed,
          journal: readJournal(journal),
          announced: hashesOf(parts),
          spec,
        };
      });
    },
  );

  async function commitBlocks(
    job: string,
    blocks: readonly CommitRequest[],
    lease: string,
  ): Promise<CommitOutcome[]> {
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
        keys.parts,
        keys.lease,
      ],
      [now(), WAKE_CHANNELS.progress, job, commitText(blocks, lease)],
    )) as number[];
    return replies.map((reply) => COMMIT_OUTCOMES[reply]!);
  }
  const commitRuns = batchPerTurn<CommitRequest, CommitOutcome>(async (job, blocks) =>
    commitBlocks(job, blocks, ''),
  );

  const announceParts = batchPerTurn<Announcement, PublishPermit>(async (job, parts) => {
    const keys = jobKeys(job);
    const reply = (await run(
      'announce-parts',
      [keys.runs, keys.parts, outputKey(parts[0]!.output)],
      [job, ...parts.flatMap(({ block, token, hash }) => [block, token, hash])],
    )) as 'output_lost' | string[];
    if (reply === 'output_lost') return parts.map(() => ({ may: false, why: reply }));
    return reply.map((hashes) =>
      hashes === '' ? { may: false, why: 'superseded' } : { may: true, announced: hashesOf(hashes) },
    );
  });

  return {
    async holdLease(job: string, token: string, ttlMs: number): Promise<boolean> {
      return (await run('hold-lease', [jobKeys(job).lease], [token, ttlMs])) === 1;
    },
    async holdsLease(job: string, token: string): Promise<boolean> {
      return (await redis.get(jobKeys(job).lease)) === token;
    },
    async dropLease(job: string, token: string): Promise<void> {
      await run('release-claim', [jobKeys(job).lease], [token]);
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
    /** `skipped`: what the dataset was found to hold beside its rows. Throws LeaseLost. */
    async markFedAll(job: string, lease: string, skipped: Skipped): Promise<void> {
      const keys = jobKeys(job);
      const fields = ['fed_all', 1, 'skipped', JSON.stringify(skipped)];
      const reply = await run('patch-job', [keys.job, keys.lease], [lease, ...fields]);
      if (reply === -2) throw new LeaseLost(job);
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
    /** Wakes the feeder when a block leaves the queue uncommitted. */
    async announceLeft(job: string): Promise<void> {
      await run('announce-left', [jobKeys(job).job], [WAKE_CHANNELS.job, job]);
    },
    /** What the last failed run of a block in the window said. */
    async runError(job: string, block: number): Promise<string | null> {
      return redis.hget(jobKeys(job).errors, String(block));
    },

    /**
     * Asks whether a run may publish the part that it has staged, and announces its hash. The order is the fence: who
     * takes the output over later discards what is staged.
     */
    async announcePart(job: string, part: Announcement): Promise<PublishPermit> {
      return announceParts(job, part);
    },
    /** Hashes of the parts that runs of a block announced. */
    async announced(job: string, block: number): Promise<string[]> {
      return hashesOf(await redis.hget(jobKeys(job).parts, String(block)));
    },

    /** Counts a block that a run has published, once; fenced by the run's token. */
    async commit(
      job: string,
      block: number,
      token: string,
      counts: { succeeded: number; failed: number },
      stats: BlockStats,
    ): Promise<CommitOutcome> {
      return commitRuns(job, { block, token, counts, stats });
    },
    /** Counts a block that no run will count: adopted from an earlier job, or published by a run that died. Throws LeaseLost. */
    async commitFound(
      job: string,
      block: number,
      lease: string,
      counts: { succeeded: number; failed: number },
      stats: BlockStats,
    ): Promise<void> {
      const [outcome] = await commitBlocks(job, [{ block, token: '', counts, stats }], lease);
      if (outcome === 'superseded') throw new LeaseLost(job);
    },
  };
}

interface Announcement {
  readonly block: number;
  /** Of the run. */
  readonly token: string;
  /** Of the part. */
  readonly hash: string;
  /** The job's output folder. */
  readonly output: string;
}

function hashesOf(text: string | null): string[] {
  return text ? text.split(' ') : [];
}

interface CommitRequest {
  readonly block: number;
  /** Of the run; '' where a feeder commits. */
  readonly token: string;
  readonly counts: { readonly succeeded: number; readonly failed: number };
  readonly stats: BlockStats;
}

/**
 * For the script: the names of all stats, then each block with its stats in that order. One JSON text: a score of
 * arguments for each block cost the client twice as much.
 */
function commitText(blocks: readonly CommitRequest[], lease: string): string {
  const names = [...new Set(blocks.flatMap(({ stats }) => Object.keys(stats)))];
  return JSON.stringify({
    names,
    lease,
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
