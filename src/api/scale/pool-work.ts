/** What is left to do in each pool, by model, and how fast one worker computes it. */
import type { JobRecord } from '../../shared/domain/job/job.ts';
import { blockQueueName } from '../../shared/queue/keys.ts';
import { isDraining } from '../../shared/domain/intake-state.ts';
import type { ServiceActivity } from '../overview/survey-service.ts';

/** Where a rate comes from: from the jobs that run, from earlier jobs, or from the setting. */
export type RateSource = 'measured' | 'remembered' | 'assumed';

export interface ModelWork {
  readonly model: string;
  readonly queue: string;
  /** Rows without a committed answer. At least so many, while a dataset is still being counted. */
  readonly rows: number;
  /** Of one worker. */
  readonly rowsPerS: number;
  readonly source: RateSource;
}

export interface PoolWork {
  readonly pool: string;
  /** Live workers that take work. */
  readonly liveWorkers: number;
  /** Live workers that operators have drained. They wait to be resumed or ended. */
  readonly drainedWorkers: number;
  /** Models with rows that workers could compute, by name. */
  readonly models: readonly ModelWork[];
  /** Blocks that workers could compute at once. More workers than that have nothing to do. */
  readonly blocksAtOnce: number;
  /** Jobs that more workers do not help, because their model cannot be loaded or storage fails. */
  readonly stuckJobs: number;
}

/** Rows per second of one worker: by queue, and for all other queues. */
export interface Rates {
  readonly measured: ReadonlyMap<string, number>;
  readonly remembered: ReadonlyMap<string, number>;
  readonly assumed: number;
}

/** Whether workers could compute rows of the job. Workers of a paused job may leave. */
export function hasWork({ status }: Pick<JobRecord, 'status'>): boolean {
  return status === 'queued' || status === 'running';
}

function isStuck({ reason }: Pick<JobRecord, 'reason'>): boolean {
  return reason === 'model_failed' || reason === 'storage_unavailable';
}

function rowsLeft({ total, succeeded, failed, blocks, spec }: JobRecord): number {
  // When all rows are finished, workers make files of the parts.
  const least = spec.compact === undefined ? 0 : 1;
  if (total !== null) return Math.max(least, total - succeeded - failed);
  return Math.max(1, blocks.queued + blocks.running) * spec.options.block_rows;
}

/** Sorted by name. */
export function poolsOf({ jobs, workers }: ServiceActivity): string[] {
  const names = [...workers.map(({ pool }) => pool), ...jobs.map(({ spec }) => spec.model.pool)];
  return [...new Set(names)].toSorted();
}

export function workOfPool(pool: string, { jobs, workers }: ServiceActivity, rates: Rates): PoolWork {
  const mine = jobs.filter((job) => job.spec.model.pool === pool && hasWork(job));
  const open = mine.filter((job) => !isStuck(job));
  const intakes = workers.filter((worker) => worker.pool === pool).map(({ intake }) => intake);
  const queues = new Map<string, ModelWork>();
  for (const job of open) {
    const queue = blockQueueName(job.spec.model);
    const earlier = queues.get(queue);
    const rate = earlier ?? rateOf(queue, rates);
    queues.set(queue, {
      model: job.spec.model.name,
      queue,
      rows: (earlier?.rows ?? 0) + rowsLeft(job),
      rowsPerS: rate.rowsPerS,
      source: rate.source,
    });
  }
  return {
    pool,
    liveWorkers: intakes.filter((intake) => !isDraining(intake)).length,
    // A worker that shuts down is `draining`. It needs no replacement, so it does not count here.
    drainedWorkers: intakes.filter((intake) => intake === 'drained').length,
    models: [...queues.values()].toSorted((a, b) => (a.queue < b.queue ? -1 : 1)),
    blocksAtOnce: open.reduce((sum, job) => sum + blocksAtOnceOf(job), 0),
    stuckJobs: mine.length - open.length,
  };
}

function blocksAtOnceOf(job: JobRecord): number {
  const { block_rows, concurrency } = job.spec.options;
  // Nobody knows yet how many blocks there are.
  const blocks = job.total === null ? Infinity : Math.ceil(rowsLeft(job) / block_rows);
  return Math.min(blocks, concurrency ?? Infinity);
}

function rateOf(
  queue: string,
  { measured, remembered, assumed }: Rates,
): Pick<ModelWork, 'rowsPerS' | 'source'> {
  const now = measured.get(queue);
  if (now !== undefined) return { rowsPerS: now, source: 'measured' };
  const before = remembered.get(queue);
  if (before !== undefined) return { rowsPerS: before, source: 'remembered' };
  return { rowsPerS: assumed, source: 'assumed' };
}
