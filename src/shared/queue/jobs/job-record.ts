/** Reads a job's hash into a JobRecord. */
import { FILE_PLAN, type FilePlan } from '../../domain/job/compaction.ts';
import { CURSOR } from '../../domain/dataset-spec.ts';
import type { CacheCounts } from '../../domain/job/cache-counts.ts';
import type { DeltaCounts } from '../../domain/job/delta.ts';
import type { JobFailure, JobReason, JobRecord, JobSpec } from '../../domain/job/job.ts';
import { JOB_STATUSES, isTerminal, type JobStatus } from '../../domain/job/job-state.ts';
import { NOTHING_SKIPPED, SKIPPED, type Skipped } from '../../domain/skipped.ts';
import { InvariantError } from '../../errors.ts';
import { withCurrentCode } from '../older-names.ts';

/** Fields with this prefix and an error code count the failed rows with that code. */
export const ERROR_STAT = 'error_';

/** `spec`: the hash's spec, parsed. `windowSize`: blocks in the job's window. `runs`: its runs in progress. */
export function readJobRecord(
  hash: Readonly<Record<string, string>>,
  spec: JobSpec,
  windowSize: number,
  runs: number,
  now: number,
): JobRecord {
  const status = hash['status'] as JobStatus;
  if (!JOB_STATUSES.includes(status)) throw new InvariantError('a job record without a status');
  const done = integer(hash['done']) ?? 0;
  return {
    spec,
    status,
    opened: spec.opening === null || hash['opened'] === '1',
    reason: (hash['reason'] as JobReason | undefined) || null,
    reasonText: hash['reason_text'] || null,
    total: integer(hash['total']),
    succeeded: integer(hash['succeeded']) ?? 0,
    failed: integer(hash['failed']) ?? 0,
    errorsByCode: errorsOf(hash),
    skipped: skippedOf(hash),
    adopted: integer(hash['adopted']) ?? 0,
    delta: spec.delta === undefined ? null : deltaCounts(hash),
    cache: spec.options.cache === 'on' ? cacheCounts(hash) : null,
    blocks: { queued: Math.max(0, windowSize - runs), running: runs, done },
    rowsPerS: rowsPerSecond(hash, isTerminal(status), now),
    startedAt: integer(hash['first_read_at']),
    committedAt: integer(hash['committed_at']),
    finishedAt: isTerminal(status) ? integer(hash['changed_at']) : null,
    filePlan: readFilePlan(hash['file_plan']),
    left: integer(hash['left']) ?? 0,
    error: hash['error'] ? withCurrentCode(JSON.parse(hash['error']) as JobFailure) : null,
  };
}

/** The most frequent code comes first. */
function errorsOf(hash: Readonly<Record<string, string>>): Record<string, number> {
  const found: [string, number][] = [];
  for (const name in hash) {
    if (name.startsWith(ERROR_STAT)) found.push([name.slice(ERROR_STAT.length), Number(hash[name])]);
  }
  return Object.fromEntries(found.sort((a, b) => b[1] - a[1]));
}

/** `text`: as the hash has it. */
export function readFilePlan(text: string | null | undefined): FilePlan | null {
  return text ? FILE_PLAN.parse(JSON.parse(text)) : null;
}

function deltaCounts(hash: Readonly<Record<string, string>>): DeltaCounts {
  return {
    taken: integer(hash['delta_taken']) ?? 0,
    new: integer(hash['delta_new']) ?? 0,
    changed: integer(hash['delta_changed']) ?? 0,
    failed: integer(hash['delta_failed']) ?? 0,
    vanished: integer(hash['vanished']),
  };
}

function cacheCounts(hash: Readonly<Record<string, string>>): CacheCounts {
  return { hits: integer(hash['cache_hits']) ?? 0, misses: integer(hash['cache_misses']) ?? 0 };
}

/** The skipped entries of the whole dataset, or before the cursor while the dataset is being read. */
function skippedOf({ skipped, cursor }: Readonly<Record<string, string>>): Skipped {
  if (skipped) return SKIPPED.parse(JSON.parse(skipped));
  // Avoids parsing, because a feeder reads its job often, and most cursors have no `skipped`.
  if (!cursor?.includes('"skipped"')) return NOTHING_SKIPPED;
  return CURSOR.parse(JSON.parse(cursor)).skipped ?? NOTHING_SKIPPED;
}

/**
 * Rate of the rows that the job computed itself. While it runs: over the last seconds. After its end: from the first
 * read to the last commit.
 */
function rowsPerSecond(hash: Readonly<Record<string, string>>, ended: boolean, now: number): number | null {
  const finished = (integer(hash['succeeded']) ?? 0) + (integer(hash['failed']) ?? 0);
  const rows = finished - (integer(hash['adopted']) ?? 0);
  const first = integer(hash['first_read_at']);
  const last = integer(hash['committed_at']);
  if (first === null || last === null || rows <= 0) return null;
  const since = ended ? first : (integer(hash['old_mark_at']) ?? first);
  const before = ended ? 0 : (integer(hash['old_mark']) ?? 0);
  // Without a recent commit, the time since then counts too, so that the rate falls.
  const until = ended || now - last < 2000 ? last : now;
  const seconds = (until - since) / 1000;
  return seconds > 0 ? (rows - before) / seconds : null;
}

function integer(text: string | undefined): number | null {
  return text === undefined || text === '' ? null : Number(text);
}
