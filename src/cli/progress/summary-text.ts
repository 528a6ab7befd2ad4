/** Formats the summary of an ended job: rows, errors by code, example answers and paths of the results. Pure. */
import { fileOfOutput } from '../options/output-place.ts';
import type { JobWire } from '../../api/http/wire/job.ts';
import type { JobStatsWire } from '../../api/http/wire/stats.ts';
import { redactUrl } from '../../shared/text/redact-url.ts';
import { skippedPhrases } from '../../shared/domain/skipped-text.ts';
import { visibleLine } from '../../shared/text/visible-text.ts';
import { inCliTerms } from '../cli-terms.ts';
import { isEmpty } from '../jobs/job-exit-code.ts';
import { table } from '../jobs/table.ts';
import { deltaLines } from './delta-text.ts';
import { formatCount, formatCounted, formatRate, formatSeconds } from './format.ts';
import { answeredText, bottleneckLine, lanesText, stageLines } from './stats-text.ts';

/** The failed rows with one error code. */
export interface ErrorGroup {
  readonly code: string;
  readonly rows: number;
  readonly first: { readonly id: string; readonly message: string };
}

/** The answer of a row. */
export interface Answer {
  readonly id: string;
  readonly text: string;
}

export interface Summary {
  readonly job: JobWire;
  /** Null if the stats could not be read. */
  readonly stats: JobStatsWire | null;
  readonly errors: readonly ErrorGroup[];
  /** The answers of the first rows. */
  readonly answers: readonly Answer[];
}

export interface SummaryOptions {
  /** Also show how long each stage took per row. */
  readonly withStats: boolean;
  /** The command that finishes a failed or cancelled job. */
  readonly next: string;
}

export function summaryText(
  { job, stats, errors, answers }: Summary,
  { withStats, next }: SummaryOptions,
): string {
  const { succeeded, failed } = job.rows;
  const lines = [headline(job)];
  if (!isEmpty(job)) lines.push(...skippedPhrases(job.skipped).map((phrase) => `  left out ${phrase}`));
  else if (job.reason_text !== null) lines.push(`  reason   ${inCliTerms(job.reason_text)}`);
  if (job.error !== null) lines.push(`  reason   ${job.error.code}: ${inCliTerms(job.error.message)}`);
  for (const { code, rows, first } of errors) {
    const message = oneLine(inCliTerms(first.message));
    const id = visibleLine(redactUrl(first.id));
    lines.push(`  ${code}: ${formatCounted(rows, 'row')}, first ${id}: ${message}`);
  }
  // Older services know no delta jobs.
  if (job.delta) lines.push(...deltaLines(job.delta, fileOfOutput(job.output, 'vanished.jsonl')));
  if (job.cache) lines.push(cacheLine(job.cache));
  lines.push(...answerLines(answers));
  if (succeeded > 0) lines.push(`  results  ${fileOfOutput(job.output, resultFiles(job))}`);
  if (failed > 0) lines.push(`  errors   ${fileOfOutput(job.output, 'errors-*.jsonl')}`);
  const answered = stats && answeredText(stats);
  if (answered !== null) lines.push(`  by       ${answered}`);
  if (stats !== null) lines.push(...(withStats ? statsLines(stats) : adviceLines(stats)));
  if (isUnfinished(job)) lines.push('To finish it:', `  ${next}`);
  return `${lines.join('\n')}\n`;
}

function cacheLine({ hits, misses }: NonNullable<JobWire['cache']>): string {
  return `  cache    ${formatCounted(hits, 'row')} from the result cache, ${formatCount(misses)} computed`;
}

/** Older services know no compacted files. */
function resultFiles({ status, output_format, output_compact: compact }: JobWire): string {
  const format = output_format ?? 'jsonl';
  if (!compact || status !== 'completed') return `part-*.${format}`;
  return `data/${compact.partition_by === null ? '' : `${compact.partition_by}=*/`}compact-*.${format}`;
}

function answerLines(answers: readonly Answer[]): string[] {
  if (answers.length === 0) return [];
  const rows = answers.map(({ id, text }) => [id, text]);
  const [first, ...rest] = table(rows).trimEnd().split('\n');
  return [`  answers  ${first}`, ...rest.map((line) => `           ${line}`)];
}

function statsLines(stats: JobStatsWire): string[] {
  const lanes = lanesText(stats);
  const bottleneck = bottleneckLine(stats);
  return [
    ...stageLines(stats).map((line) => `    ${line}`),
    ...(lanes === null ? [] : [`  lanes    ${lanes}`]),
    ...(bottleneck === null ? [] : [bottleneck]),
  ];
}

/** Gives no advice if the job was too short for it. */
function adviceLines(stats: JobStatsWire): string[] {
  const line = stats.bottleneck?.name === 'too_early' ? null : bottleneckLine(stats);
  return line === null ? [] : [line];
}

/** Whether the job has ended early, so that resuming it would run more rows. */
function isUnfinished({ status, rows: { total, succeeded, failed } }: JobWire): boolean {
  return (status === 'failed' || status === 'cancelled') && (total === null || succeeded + failed < total);
}

/**
 * `Completed: 200 rows, 3 failed, in 1.4 s (145 rows/s)`. The rows that a resumed job has answered are counted apart
 * from earlier ones. Failed rows are counted together.
 */
function headline(job: JobWire): string {
  const { total, succeeded, failed, adopted } = job.rows;
  const finished = succeeded + failed;
  const status = capital(job.status);
  if (isEmpty(job)) return 'Nothing to do: the input has no rows';
  if (finished === 0) return `${status}: no row was finished`;
  const resumed = adopted > 0;
  if (resumed && adopted === finished && finished === total) {
    return `${status}: all ${formatCounted(finished, 'row')} already done`;
  }
  const rows = resumed ? finished - adopted : finished;
  const of =
    isUnfinished(job) && total !== null ? ` of ${formatCount(resumed ? total - adopted : total)}` : '';
  const counted = `${formatCount(rows)}${of} ${resumed ? 'new ' : ''}${(of === '' ? rows : total) === 1 ? 'row' : 'rows'}`;
  const words = [`${status}: ${counted}`];
  if (failed > 0) words.push(`${formatCount(failed)} failed`);
  const s = elapsedSeconds(job);
  const rate = job.throughput.rows_per_s;
  const took = s === null ? '' : ` in ${formatSeconds(s)}`;
  // Rows that were taken over say nothing about the speed.
  const speed = rate === null || job.delta ? '' : ` (${formatRate(rate)} rows/s)`;
  const there = resumed ? `; ${formatCounted(adopted, 'row')} already done` : '';
  return `${words.join(', ')}${failed > 0 && took !== '' ? ',' : ''}${took}${speed}${there}`;
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
