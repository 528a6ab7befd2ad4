/** What a finished job tells its user: rows, errors by code, times, where the results lie. Pure. */
import { join } from 'node:path';
import type { JobWire } from '../../api/wire/job.ts';
import type { JobStatsWire } from '../../api/wire/stats.ts';
import { redactUrl } from '../../shared/redact-url.ts';
import { visibleLine } from '../../shared/visible-text.ts';
import { formatCount, formatCounted, formatRate, formatSeconds } from './format.ts';
import { bottleneckLine, lanesText, stageLines } from './stats-text.ts';

/** Failed rows of one code, and the first of them. */
export interface ErrorGroup {
  readonly code: string;
  readonly rows: number;
  readonly first: { readonly id: string; readonly message: string };
}

export interface Summary {
  readonly job: JobWire;
  /** Null where they could not be read. */
  readonly stats: JobStatsWire | null;
  readonly errors: readonly ErrorGroup[];
}

export function summaryText({ job, stats, errors }: Summary): string {
  const lines = [headline(job)];
  if (job.error !== null) lines.push(`  reason   ${job.error.code}: ${job.error.message}`);
  for (const { code, rows, first } of errors) {
    lines.push(
      `  ${code}: ${formatCounted(rows, 'row')}, first ${visibleLine(redactUrl(first.id))}: ${oneLine(first.message)}`,
    );
  }
  const lanes = stats === null ? null : lanesText(stats);
  if (stats !== null) lines.push(...stageLines(stats).map((line) => `    ${line}`));
  if (lanes !== null) lines.push(`  lanes    ${lanes}`);
  if (job.rows.succeeded > 0) lines.push(`  results  ${join(job.output, 'part-*.jsonl')}`);
  if (job.rows.failed > 0) lines.push(`  errors   ${join(job.output, 'errors-*.jsonl')}`);
  const bottleneck = stats === null ? null : bottleneckLine(stats);
  if (bottleneck !== null) lines.push(bottleneck);
  return `${lines.join('\n')}\n`;
}

/** `Completed: 200 rows, 3 failed, in 1.4 s (145 rows/s)` */
function headline(job: JobWire): string {
  const { succeeded, failed } = job.rows;
  const rows = succeeded + failed;
  if (job.reason === 'empty_dataset' && rows === 0) return `${capital(job.status)}: the input holds no row`;
  const words = [`${capital(job.status)}: ${formatCounted(rows, 'row')}`];
  if (failed > 0) words.push(`${formatCount(failed)} failed`);
  const s = elapsedSeconds(job);
  const rate = job.throughput.rows_per_s;
  const took = s === null ? '' : ` in ${formatSeconds(s)}`;
  return `${words.join(', ')}${failed > 0 && took !== '' ? ',' : ''}${took}${rate === null ? '' : ` (${formatRate(rate)} rows/s)`}`;
}

function capital(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1);
}

function elapsedSeconds(job: JobWire): number | null {
  if (job.started_at === null || job.finished_at === null) return null;
  return Math.max(0, (Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000);
}

const MAX_MESSAGE = 160;

function oneLine(message: string): string {
  const line = message.replaceAll(/\s+/g, ' ');
  return line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE - 1)}…` : line;
}
