/** Jobs and models as tables and lists for people. Pure. */
import type { JobWire } from '../../api/http/wire/job.ts';
import type { ModelWire } from '../../api/http/wire/model.ts';
import type { JobStatsWire } from '../../api/http/wire/stats.ts';
import { skippedPhrases } from '../../shared/domain/skipped-text.ts';
import { formatCount, formatCounted, formatRate, formatSeconds, percentOf } from '../progress/format.ts';
import { deltaCounts } from '../progress/delta-text.ts';
import { modelTitle } from '../../shared/models/version-name.ts';
import { inCliTerms } from '../cli-terms.ts';
import { isEmpty } from './job-exit-code.ts';
import { table } from './table.ts';

/** `nowMs`: the time up to which ages are counted. */
export function jobsTable(jobs: readonly JobWire[], nowMs: number): string {
  const head = ['ID', 'STATUS', 'MODEL', 'ROWS', 'ERRORS', 'ROWS/S', 'TIME LEFT', 'AGE'];
  const lines = jobs.map((job) => [
    job.id,
    statusText(job),
    job.model,
    rowsText(job),
    formatCount(job.rows.failed),
    job.throughput.rows_per_s === null ? '-' : formatRate(job.throughput.rows_per_s),
    job.eta_s === null || job.finished_at !== null ? '-' : formatSeconds(job.eta_s),
    formatSeconds(Math.max(0, (nowMs - Date.parse(job.created_at)) / 1000)),
  ]);
  return table([head, ...lines], [3, 4, 5, 6, 7]);
}

export function jobText(job: JobWire, stats: JobStatsWire | null): string {
  const rate = job.throughput.rows_per_s;
  const reasonText = job.reason_text === null ? null : inCliTerms(job.reason_text);
  const facts: (readonly [string, string | null])[] = [
    ['job', job.id],
    ['status', statusText(job)],
    ['waiting', isEmpty(job) ? null : reasonText],
    ['empty', isEmpty(job) ? reasonText : null],
    ['retry of', job.retry_of],
    ['delta', job.delta ? deltaCounts(job.delta) : null],
    ['model', job.model],
    ['input', inputText(job.input)],
    ['output', job.output],
    // Older services name no format.
    ['format', job.output_format ?? null],
    ['joined', joinedText(job.output_join ?? [])],
    ['selected', job.output_select?.join(', ') ?? null],
    ['files', job.output_compact ? filesText(job.output_compact) : null],
    ['rows', `${rowsText(job)}, ${formatCount(job.rows.failed)} failed`],
    ['left out', skippedPhrases(job.skipped).join('; ') || null],
    ['adopted', job.rows.adopted > 0 ? formatCounted(job.rows.adopted, 'row') : null],
    ['blocks', `${job.blocks.queued} queued, ${job.blocks.running} running, ${job.blocks.done} done`],
    ['rows/s', rate === null ? null : formatRate(rate)],
    ['time left', job.eta_s === null || job.finished_at !== null ? null : formatSeconds(job.eta_s)],
    ['created', job.created_at],
    ['started', job.started_at],
    ['finished', job.finished_at],
    ['error', job.error === null ? null : `${job.error.code}: ${inCliTerms(job.error.message)}`],
    ['metadata', Object.keys(job.metadata).length === 0 ? null : pairs(job.metadata)],
    ['workers', stats === null ? null : workersText(stats)],
    ['last run', stats?.last_run_error ?? null],
  ];
  return table(facts.flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

export function modelsTable(models: readonly ModelWire[]): string {
  const head = [
    'NAME',
    'STATUS',
    'WORKERS',
    'LANES',
    'BATCH',
    'REPEATABLE',
    'PROVIDERS',
    'POOL',
    'ALIASES',
    'PROBLEM',
  ];
  const lines = models.map((model) => [
    modelTitle(model),
    model.status,
    String(model.workers),
    String(model.lanes),
    model.batch_size === null ? '-' : String(model.batch_size),
    REPEATABLE[model.batch_invariance?.verdict ?? 'unknown'],
    model.providers?.join(', ') ?? '-',
    model.pool ?? '-',
    model.aliases.join(', ') || '-',
    inCliTerms(model.problem?.message ?? ''),
  ]);
  const advice = models.flatMap((model) => model.batch_invariance?.advice ?? []);
  return table([head, ...lines], [2, 3, 4]) + advice.map((line) => `\nNote: ${line}.\n`).join('');
}

/** Whether a row gets the same answer in any batch. */
const REPEATABLE = { invariant: 'yes', fixed_batch: 'yes', variant: 'no', unknown: '?' } as const;

function statusText({ status, reason }: JobWire): string {
  return reason === null || reason === status ? status : `${status} (${reason})`;
}

function rowsText({ rows }: JobWire): string {
  const done = rows.succeeded + rows.failed;
  if (rows.total === null) return `${formatCount(done)} of ?`;
  return `${formatCount(done)} of ${formatCount(rows.total)} (${percentOf(done, rows.total)} %)`;
}

function inputText(input: JobWire['input']): string {
  const { type, path, count } = input as { type?: unknown; path?: unknown; count?: unknown };
  return typeof path === 'string'
    ? `${String(type)} ${path}`
    : formatCounted(Number(count), `${String(type)} row`);
}

function filesText({ files, file_mb, partition_by: column }: NonNullable<JobWire['output_compact']>): string {
  const size = files === undefined ? `of about ${file_mb} MB` : formatCounted(files, 'file');
  return column === null ? size : `${size}, by ${column}`;
}

function joinedText(columns: NonNullable<JobWire['output_join']>): string | null {
  const names = columns.map(({ column, name }) => (column === name ? name : `${column} as ${name}`));
  return names.length === 0 ? null : names.join(', ');
}

function pairs(metadata: Readonly<Record<string, string>>): string {
  return Object.entries(metadata)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}

function workersText({ workers }: JobStatsWire): string {
  const lanes = workers.reduce((sum, worker) => sum + worker.lanes, 0);
  return `${workers.length} with ${formatCounted(lanes, 'lane')}`;
}
