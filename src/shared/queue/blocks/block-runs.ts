/**
 * The runs of a job's blocks, as workers see them: begin, publish, commit or leave. The run's token fences each step.
 */
import type { Redis } from 'ioredis';
import type { PartRecord } from '../../domain/part-record.ts';
import { decodeBlock, type BlockContent, type BlockStats } from '../../domain/block.ts';
import type { JobSpec } from '../../domain/job/job.ts';
import { readJournal, writeJournal, type RowJournal } from '../../domain/row-journal.ts';
import { batchPerTurn } from '../batch-per-turn.ts';
import {
  createCommitBlocks,
  type BlockCounts,
  type CommitOutcome,
  type CommitRequest,
} from './commit-blocks.ts';
import { createJobSpecs } from '../jobs/job-specs.ts';
import { jobKeys, outputKey, WAKE_CHANNELS } from '../keys.ts';
import type { RunScript } from '../scripts.ts';

export interface BegunRun {
  readonly block: BlockContent;
  /** Runs of this block begun so far, including this one. */
  readonly attempts: number;
  /** Earlier runs that never reported how they ended. Their workers died, or were stopped for too long. */
  readonly died: number;
  readonly journal: RowJournal;
  /** Hashes of the parts that earlier runs of this block announced. */
  readonly announced: readonly string[];
  readonly spec: JobSpec;
  /** Whether the job had no other block to begin then. Runs that end without a commit may change that. */
  readonly isLast: boolean;
}

/** Whether a run may publish its part now. */
export type PublishPermit =
  /** `announced`: hashes of all parts that the block's runs announced, including this one's. */
  | { readonly may: true; readonly announced: readonly string[] }
  | { readonly may: false; readonly why: 'superseded' | 'output_lost' };

export interface PartAnnouncement {
  readonly block: number;
  /** The run's token. */
  readonly token: string;
  /** SHA-256 of the part. */
  readonly hash: string;
  /** The job's output folder. */
  readonly output: string;
}

export type BlockRuns = ReturnType<typeof createBlockRuns>;

export function createBlockRuns(deps: { redis: Redis; run: RunScript; now?: () => number }) {
  const { redis, run, now = Date.now } = deps;
  const specs = createJobSpecs();
  const commitBlocks = createCommitBlocks({ run, now });

  const beginRuns = batchPerTurn<{ block: number; generation: number; token: string }, BegunRun | null>(
    async (job, runs) => {
      const keys = jobKeys(job);
      const known = specs.known(job);
      const [text, last, ...begun] = (await run(
        'begin-runs',
        [keys.job, keys.window, keys.runs, keys.attempts, keys.journal, keys.parts],
        [now(), known ? 0 : 1, ...runs.flatMap(({ block, generation, token }) => [block, generation, token])],
      )) as [string, number, ...([] | [string, number, number, string | null, string | null])[]];
      if (begun.every((reply) => reply.length === 0)) return begun.map(() => null);
      const spec = known ?? specs.read(job, text);
      return begun.map((reply) => {
        if (reply.length === 0) return null;
        const [rows, attempts, failed, journal, parts] = reply;
        return {
          block: decodeBlock(rows),
          attempts,
          died: attempts - 1 - failed,
          journal: readJournal(journal),
          announced: hashesOf(parts),
          spec,
          isLast: last === 1,
        };
      });
    },
  );

  const commitRuns = batchPerTurn<CommitRequest, CommitOutcome>(async (job, blocks) =>
    commitBlocks(job, blocks, ''),
  );

  const announceParts = batchPerTurn<PartAnnouncement, PublishPermit>(async (job, parts) => {
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
    /**
     * Begins a run. Null if it must not continue: the block is committed, withdrawn or outdated, or the job is not
     * running. Throws ForebayError `newer_version`.
     */
    async beginRun(job: string, block: number, generation: number, token: string): Promise<BegunRun | null> {
      return beginRuns(job, { block, generation, token });
    },
    /** Records the row that a run is about to start. False if the run is superseded. */
    async noteRow(job: string, block: number, token: string, journal: RowJournal): Promise<boolean> {
      const keys = jobKeys(job);
      return (await run('note-row', [keys.runs, keys.journal], [block, token, writeJournal(journal)])) === 1;
    },
    /** Ends a run without a commit. `handedBack` does not count as an attempt. False if the run is superseded. */
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
    /**
     * Asks whether a run may publish the part that it has staged, and announces the part's hash. A run stages before it
     * asks, so that a new owner of the output finds and discards its staged files.
     */
    async announcePart(job: string, part: PartAnnouncement): Promise<PublishPermit> {
      return announceParts(job, part);
    },
    /** Hashes of the parts that runs of a block announced. */
    async announced(job: string, block: number): Promise<string[]> {
      return hashesOf(await redis.hget(jobKeys(job).parts, String(block)));
    },
    /** Counts a block that a run has published, once. `record`: of its part. */
    async commit(
      job: string,
      block: number,
      token: string,
      counts: BlockCounts,
      stats: BlockStats,
      record: PartRecord | null = null,
    ): Promise<CommitOutcome> {
      return commitRuns(job, { block, token, counts, stats, record });
    },
  };
}

function hashesOf(text: string | null): string[] {
  return text ? text.split(' ') : [];
}
