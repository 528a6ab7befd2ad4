/** The progress of a job as one line, with a bar for terminals or as text for logs. Pure. */
import type { JobWire } from '../../api/http/wire/job.ts';
import { formatCount, formatCounted, formatRate, formatSeconds, percentOf } from './format.ts';

/** The part of a job that its progress shows. */
export type JobProgress = Pick<JobWire, 'status' | 'reason' | 'rows' | 'throughput' | 'eta_s'>;

const BAR_WIDTH = { min: 8, max: 30 };

/** At most `columns` characters. If the line is too long, the bar is left out first. Then the line is cut. */
export function barLine(job: JobProgress, columns: number): string {
  const { total } = job.rows;
  const facts = factsOf(job).join('  ');
  if (total === null) return fit(facts, columns);
  const room = columns - facts.length - 3;
  if (room < BAR_WIDTH.min) return fit(facts, columns);
  const width = Math.min(BAR_WIDTH.max, room);
  const filled = total === 0 ? width : Math.floor((finishedRows(job) / total) * width);
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)}  ${facts}`;
}

/** `1,216 of 5,000 rows (24 %), 812 rows/s, 4.7 s left, 3 errors`. */
export function plainLine(job: JobProgress): string {
  return factsOf(job).join(', ');
}

export function finishedRows(job: JobProgress): number {
  return job.rows.succeeded + job.rows.failed;
}

function factsOf(job: JobProgress): string[] {
  const { total, failed, adopted } = job.rows;
  const done = finishedRows(job);
  const facts = [
    total === null
      ? `${formatCounted(done, 'row')} (counting)`
      : `${formatCount(done)} of ${formatCounted(total, 'row')} (${percentOf(done, total)} %)`,
  ];
  const rate = job.throughput.rows_per_s;
  if (rate !== null && done > 0) facts.push(`${formatRate(rate)} rows/s`);
  if (job.eta_s !== null && done !== total) facts.push(`${formatSeconds(job.eta_s)} left`);
  if (failed > 0) facts.push(formatCounted(failed, 'error'));
  // The rate above counts only new rows.
  if (adopted > 0) facts.push(`${formatCounted(adopted, 'row')} already done`);
  const wait = waitOf(job);
  if (wait !== null) facts.push(wait);
  return facts;
}

/** Why the job waits, if the user should know. */
function waitOf({ status, reason }: JobProgress): string | null {
  if (status === 'paused' || status === 'cancelling') return status;
  return reason === null ? null : (WAITS[reason] ?? null);
}

const WAITS: Readonly<Record<string, string>> = {
  no_worker: 'waiting for a worker that serves the model',
  model_failed: 'waiting because the model cannot be loaded',
  memory_watermark: 'workers are short of memory',
  storage_unavailable: 'waiting for storage',
  retrying: 'retrying a failed block',
  compacting: 'making files of the results',
};

function fit(line: string, columns: number): string {
  return line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`;
}
