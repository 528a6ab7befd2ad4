/** What manifest.json says about a job and its output, except for the list of parts. Pure. */
import type { BatchInvariance } from '../../../shared/domain/model/batch-invariance.ts';
import { firstPart, type JobRecord } from '../../../shared/domain/job/job.ts';
import { deltaToWire } from '../../http/wire/delta.ts';
import { reportToWire } from '../../http/wire/job-report.ts';
import { costsOf } from '../../jobs/report/job-costs.ts';
import { jobStateOf } from '../../jobs/report/job-state-of.ts';
import type { OutputJob } from '../../../shared/storage/output-jobs.ts';

/** `ended`: the record of a job that is about to end, with its failure. */
export function manifestMembers(
  ended: JobRecord,
  about: {
    readonly invariance: BatchInvariance | null;
    /** Jobs of the same output before this one, oldest first. */
    readonly before: readonly OutputJob[];
    readonly stats: Record<string, number>;
  },
): Record<string, unknown> {
  const status = endOf(ended);
  return {
    ...summary(ended, status, about.invariance),
    ...wholeOutput(ended, status, about.before),
    ...reportToWire(costsOf(about.stats), jobStateOf(ended, [])),
  };
}

export function endOf({
  status,
  error,
}: Pick<JobRecord, 'error' | 'status'>): 'completed' | 'failed' | 'cancelled' {
  if (status === 'cancelling') return 'cancelled';
  return error ? 'failed' : 'completed';
}

function summary(
  record: JobRecord,
  status: string,
  invariance: BatchInvariance | null,
): Record<string, unknown> {
  const { spec } = record;
  const seconds = ((record.committedAt ?? 0) - (record.startedAt ?? 0)) / 1000;
  const computed = record.succeeded + record.failed - record.adopted;
  return {
    job: spec.id,
    status,
    error: record.error,
    model: spec.model,
    batch_invariance: invariance && {
      verdict: invariance.verdict,
      max_difference: invariance.maxDifference,
      batch: invariance.batch,
    },
    input: spec.input,
    format: spec.table?.format ?? 'jsonl',
    options: spec.options,
    metadata: spec.metadata,
    ...(spec.delta && { delta: deltaToWire(record) }),
    rows: { total: record.total, succeeded: record.succeeded, failed: record.failed },
    errors_by_code: record.errorsByCode,
    skipped: record.skipped,
    created_at: iso(spec.created_at),
    started_at: iso(record.startedAt),
    finished_at: iso(record.committedAt),
    throughput: { rows_per_s: seconds > 0 && computed > 0 ? Number((computed / seconds).toFixed(2)) : null },
  };
}

/** For a retry: all jobs of the output, and how many rows have succeeded and failed after the last one. */
function wholeOutput(
  record: JobRecord,
  status: string,
  before: readonly OutputJob[],
): Record<string, unknown> {
  const { spec, succeeded, failed, total } = record;
  if (spec.retry_of === null) return {};
  const own: OutputJob = {
    job: spec.id,
    retry_of: spec.retry_of,
    status,
    rows: { total, succeeded, failed },
    first_part: firstPart(spec),
    created_at: iso(spec.created_at),
    finished_at: iso(record.committedAt),
  };
  const jobs = [...before, own];
  return {
    retry_of: spec.retry_of,
    jobs,
    output: {
      succeeded: jobs.reduce((sum, job) => sum + job.rows.succeeded, 0),
      // The retry's dataset was every failed row. Rows that the retry did not answer still count as failed.
      failed: (total ?? failed + succeeded) - succeeded,
    },
  };
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
