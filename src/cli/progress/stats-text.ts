/** The statistics of a job as text: each stage's time per row, what limits the job and how to change that. Pure. */
import type { JobStatsWire } from '../../api/http/wire/stats.ts';
import { table } from '../jobs/table.ts';
import { inCliTerms } from '../cli-terms.ts';
import { formatCount, formatCounted, formatSeconds, percentOf } from './format.ts';
import { counted } from '../../shared/text/counted.ts';

/**
 * `lane`: part of the lanes' time. `wait`: many rows wait at the same time, so only the mean per row is meaningful.
 * `beside`: runs at the same time as the lanes' own stages.
 */
type Kind = 'lane' | 'wait' | 'beside';

const STAGES: readonly (readonly [keyof JobStatsWire['stages'], string, Kind])[] = [
  ['begin_ms', 'fetch block', 'beside'],
  ['read_ms', 'read or fetch', 'beside'],
  ['blocked_ms', 'wait to read', 'beside'],
  ['batch_wait_ms', 'wait for batch', 'wait'],
  ['lane_wait_ms', 'wait for lane', 'wait'],
  ['open_ms', 'open files', 'lane'],
  ['decode_ms', 'decode', 'lane'],
  ['decode_ahead_ms', 'decode ahead', 'beside'],
  ['prepare_ms', 'build input', 'lane'],
  ['infer_ms', 'run model', 'lane'],
  ['post_ms', 'build answer', 'lane'],
  ['other_ms', 'other', 'lane'],
  ['idle_ms', 'idle', 'lane'],
  ['write_ms', 'write', 'beside'],
  ['commit_ms', 'commit', 'beside'],
];

/** A head line, then one line per stage that took time. Empty if no row has gone through a lane. */
export function stageLines({ stages, rows }: JobStatsWire): string[] {
  if (rows === 0) return [];
  const lanes = STAGES.reduce((sum, [name, , kind]) => sum + (kind === 'lane' ? (stages[name] ?? 0) : 0), 0);
  if (lanes === 0) return [];
  const lines = STAGES.flatMap(([name, title, kind]) => {
    const ms = stages[name] ?? 0;
    if (ms === 0) return [];
    const total = kind === 'wait' ? '' : formatSeconds(ms / 1000);
    const share = kind === 'lane' ? `${Math.round((ms / lanes) * 100)} %` : '';
    return [[title, formatMs(ms / rows), total, share]];
  });
  return table([['stage', 'per row', 'total', 'of lane time'], ...lines], [1, 2, 3])
    .trimEnd()
    .split('\n');
}

/** `digits-small 90 %, digits-large 10 %`, largest share first. Null if no pipeline, or if nothing was answered. */
export function answeredText({ answered_by: by = {} }: JobStatsWire): string | null {
  const whole = Object.values(by).reduce((sum, rows) => sum + rows, 0);
  if (whole === 0) return null;
  return Object.entries(by)
    .toSorted(([, a], [, b]) => b - a)
    .map(([model, rows]) => `${model} ${((100 * rows) / whole).toFixed(1)} %`)
    .join(', ');
}

/** `97 % busy, 13 batches of 15.4 rows (96 % full)` */
export function lanesText({
  utilisation,
  batches,
  mean_batch_rows,
  mean_batch_fill,
}: JobStatsWire): string | null {
  if (utilisation.lanes === null || batches === null || batches === 0 || mean_batch_rows === null)
    return null;
  const full = mean_batch_fill === null ? '' : ` (${percentOf(mean_batch_fill, 1)} % full)`;
  const rows = counted(Number(mean_batch_rows.toFixed(1)), 'row');
  return `${Math.round(utilisation.lanes * 100)} % busy, ${formatCounted(batches, 'batch', 'batches')} of ${rows}${full}`;
}

/** `Bottleneck: inference (lanes 97 % busy, 81 % of it in the model). Advice: ...` */
export function bottleneckLine({ bottleneck }: JobStatsWire): string | null {
  if (bottleneck === null) return null;
  const { name, why, advice } = bottleneck;
  return `Bottleneck: ${name.replaceAll('_', ' ')} (${why}). Advice: ${lowerFirst(inCliTerms(advice))}`;
}

/** `forebay job ID --stats`. */
export function statsText(stats: JobStatsWire): string {
  const { queue } = stats;
  const limit = queue.limit === null ? '' : ` of ${queue.limit}`;
  const lanes = lanesText(stats);
  const facts = [
    ...(lanes === null ? [] : [`lanes: ${lanes}`]),
    ...(queue.slots === 0
      ? []
      : [
          `queue: ${counted(queue.depth.waiting, 'block')} waiting, ${queue.depth.active} running, ${queue.slots}${limit} ${queue.limit === null && queue.slots === 1 ? 'slot' : 'slots'} in use`,
        ]),
    ...stats.workers.map(workerLine),
  ];
  const why = stats.reason_text === null ? '' : `: ${inCliTerms(stats.reason_text)}`;
  if (stats.reason !== null) facts.push(`waiting: ${stats.reason.replaceAll('_', ' ')}${why}`);
  if (stats.last_run_error !== null) facts.push(`last run: ${stats.last_run_error}`);
  const stages = stageLines(stats);
  const lines = [...(stages.length === 0 ? ['No row has gone through a lane yet.'] : stages), ...facts];
  const bottleneck = bottleneckLine(stats);
  return [...lines, ...(bottleneck === null ? [] : [bottleneck])].map((line) => `${line}\n`).join('');
}

function workerLine({ id, lanes, memory, inflight }: JobStatsWire['workers'][number]): string {
  const rss = memory.rss_bytes === null ? '' : `, ${megabytes(memory.rss_bytes)} of `;
  const level = memory.level === null || memory.level === 'normal' ? '' : ` (${memory.level})`;
  const of = rss === '' ? '' : `${megabytes(memory.limit_bytes)} MB memory${level}`;
  const bytes = `${megabytes(inflight.used_bytes)} of ${megabytes(inflight.limit_bytes)} MB in flight`;
  return `worker ${id}: ${counted(lanes, 'lane')}${rss}${of}, ${bytes}`;
}

function megabytes(bytes: number): string {
  return formatCount(bytes / 2 ** 20);
}

/** Fewer decimals for longer times: 0.012, 1.23, 45.6, 789. */
function formatMs(ms: number): string {
  if (ms >= 100) return `${formatCount(ms)} ms`;
  return `${ms.toFixed(ms >= 10 ? 1 : ms >= 1 ? 2 : 3)} ms`;
}

/** Leaves a text that begins with an option or a name unchanged. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z ]/.test(text) && !text.startsWith('Redis')
    ? text[0]!.toLowerCase() + text.slice(1)
    : text;
}
