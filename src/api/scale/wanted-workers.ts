/** How many workers a pool needs for its work, and why, in words. Pure. */
import type { ModelWork, PoolWork } from './pool-work.ts';
import { counted } from '../../shared/text/counted.ts';

export interface ScaleSettings {
  /** Time in which the workers should finish all rows, s. */
  readonly targetS: number;
  readonly min: number;
  readonly max: number;
  readonly downAfterMs: number;
  /** Assumed rows per second of a worker for a model that no job has measured. */
  readonly rowsPerS: number;
}

export interface WantedWorkers {
  readonly workers: number;
  /** Time in which one worker would finish all rows. */
  readonly backlogS: number;
  /** Without a full stop. */
  readonly why: string;
}

export function wantedWorkers(
  work: PoolWork,
  settings: Pick<ScaleSettings, 'targetS' | 'min' | 'max'>,
): WantedWorkers {
  const { min, max, targetS } = settings;
  const backlogS = work.models.reduce((sum, { rows, rowsPerS }) => sum + rows / rowsPerS, 0);
  const forTarget = Math.ceil(backlogS / targetS);
  const useful = Math.min(forTarget, work.blocksAtOnce);
  // A stuck job needs a worker that notices when its model or its storage works again.
  const needed = Math.max(useful, work.stuckJobs > 0 ? 1 : 0);
  const workers = Math.min(max, Math.max(min, needed));
  return { workers, backlogS, why: why() };

  function why(): string {
    const parts = [leftText(work, backlogS)];
    if (work.models.length > 0) parts.push(`${forTarget} would finish in ${seconds(targetS)}`);
    if (useful < forTarget) parts.push(`only ${counted(useful, 'block')} can be computed at once`);
    if (work.stuckJobs > 0) {
      parts.push(`more workers do not help ${counted(work.stuckJobs, 'job')} whose model or storage fails`);
    }
    if (workers > needed) parts.push(`the minimum is ${min} (FOREBAY_SCALE_MIN)`);
    if (workers < needed) parts.push(`the maximum is ${max} (FOREBAY_SCALE_MAX)`);
    return parts.join('; ');
  }
}

function leftText({ models }: PoolWork, backlogS: number): string {
  const [first, ...others] = models;
  if (first === undefined) return 'no rows wait';
  const rows = models.reduce((sum, model) => sum + model.rows, 0);
  const rate = others.length === 0 ? ` at ${rateText(first)}` : ` of ${models.length} models`;
  return `${counted(rows, 'row')} left${rate} ${rows === 1 ? 'takes' : 'take'} one worker ${seconds(backlogS)}`;
}

function rateText({ rowsPerS, source }: ModelWork): string {
  const rate = `${rowsPerS < 10 ? Number(rowsPerS.toPrecision(2)) : Math.round(rowsPerS)} rows/s`;
  if (source === 'measured') return rate;
  return source === 'assumed' ? `an assumed ${rate}` : `${rate}, as in earlier jobs,`;
}

function seconds(value: number): string {
  return `${value > 0 && value < 1 ? 'under 1' : Math.round(value)} s`;
}
