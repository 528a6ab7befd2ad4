/** Counts published blocks in Redis, each once. Runs commit by their token, a feeder by its lease. */
import type { BlockStats } from '../../domain/block.ts';
import type { PartRecord } from '../../domain/part-record.ts';
import { ERROR_STAT } from '../jobs/job-record.ts';
import { jobKeys, WAKE_CHANNELS } from '../keys.ts';
import type { RunScript } from '../scripts.ts';

export type CommitOutcome = 'counted' | 'counted_before' | 'superseded';

export interface BlockCounts {
  readonly succeeded: number;
  readonly failed: number;
}

export interface CommitRequest {
  readonly block: number;
  /** Token of the run. '' if a feeder commits. */
  readonly token: string;
  readonly counts: BlockCounts;
  readonly stats: BlockStats;
  /** Null: the part has no record. */
  readonly record: PartRecord | null;
}

/** `lease`: of the feeder. '' if runs commit. */
export type CommitBlocks = (
  job: string,
  blocks: readonly CommitRequest[],
  lease: string,
) => Promise<CommitOutcome[]>;

export function createCommitBlocks(deps: { run: RunScript; now?: (() => number) | undefined }): CommitBlocks {
  const { run, now = Date.now } = deps;
  return async function commitBlocks(job, blocks, lease) {
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
        keys.records,
      ],
      [
        now(),
        WAKE_CHANNELS.progress,
        job,
        commitText(blocks, lease),
        RECORDS_MS,
        ...blocks.map(({ record }) => (record === null ? '' : JSON.stringify(record))),
      ],
    )) as number[];
    return replies.map((reply) => OUTCOMES[reply]!);
  };
}

/** Records expire after this time. Normally a feeder takes them out before, but one of an older version does not. */
const RECORDS_MS = 7 * 24 * 3600 * 1000;

const OUTCOMES: Readonly<Record<number, CommitOutcome>> = {
  1: 'counted',
  0: 'counted_before',
  [-1]: 'superseded',
};

/**
 * The names of all stats, then each block with its stats in that order. It is one JSON text, because many arguments
 * per block would cost the client twice as much.
 */
function commitText(blocks: readonly CommitRequest[], lease: string): string {
  const sums = blocks.map(({ stats, record }) => withErrors(stats, record));
  const names = [...new Set(sums.flatMap((stats) => Object.keys(stats)))];
  return JSON.stringify({
    names,
    lease,
    blocks: blocks.map(({ block, token, counts: { succeeded, failed } }, i) => ({
      block: String(block),
      token,
      succeeded,
      failed,
      stats: names.map((name) => Math.round(sums[i]![name] ?? 0)),
    })),
  });
}

function withErrors(stats: BlockStats, record: PartRecord | null): BlockStats {
  if (!record?.errors) return stats;
  const errors = Object.entries(record.errors.codes).map(([code, rows]) => [ERROR_STAT + code, rows]);
  return { ...stats, ...Object.fromEntries(errors) };
}
