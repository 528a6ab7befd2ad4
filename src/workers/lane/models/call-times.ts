/**
 * Times model calls of several sizes on made-up rows, in turns. Small rows that take a model long are often faster in
 * small calls, which their size does not show. CPU time counts, because other processes hardly change it.
 */
import type { OptionValues } from '../../../shared/tasks/task-description.ts';
import type { CallTimes } from '../messages.ts';
import type { BoundTask } from '../tasks/task.ts';
import type { Inference } from './inference.ts';
import { prepareAll } from './prepare-all.ts';

const ROUNDS = 3;
/** Each size is a quarter of the next larger one. Sizes in between are hardly faster than both of their neighbours. */
const STEP = 4;
/** Shorter calls are not timed. With them, the cost of messages would count as well. */
const LEAST_CALL_MS = 20;
/** Slower calls are not timed. All rounds together take about five times as long as the largest call. */
const MOST_CALL_MS = 1_000;
/** Smaller calls are repeated until they have this share of the rows of the largest call. */
const SHARE = 1 / 8;

interface Timed {
  readonly task: BoundTask;
  readonly inference: Pick<Inference, 'call'>;
  /** The model's default options. */
  readonly options: OptionValues;
  /** Rows of the largest call. */
  readonly batchSize: number;
  readonly leastCallMs?: number | undefined;
}

/**
 * Returns the times of the largest size first. Returns null if all smaller calls are too short to time, if a call is too
 * long to repeat or fails, or if the graph or the task decides how many rows a call has. Never rejects.
 */
export async function timeCalls(model: Timed): Promise<readonly CallTimes[] | null> {
  return isFree(model) ? timeAll(model).catch(() => null) : null;
}

function isFree({ task, options }: Timed): boolean {
  if (task.fixedBatch !== null) return false;
  const batch = task.open(1, options);
  batch.release();
  return batch.run === undefined;
}

async function timeAll(model: Timed): Promise<readonly CallTimes[] | null> {
  const { batchSize, leastCallMs = LEAST_CALL_MS } = model;
  const some = Math.max(1, batchSize / STEP);
  const rowMs = (await callMs(model, some)) / some;
  const sizes = [batchSize];
  for (let size = batchSize / STEP; size >= 1 && rowMs * size >= leastCallMs; size /= STEP) sizes.push(size);
  if (sizes.length === 1 || rowMs * batchSize > MOST_CALL_MS) return null;
  const times = sizes.map((rows) => ({ rows, msPerRow: [] as number[] }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { rows, msPerRow } of times) {
      const calls = Math.max(1, Math.ceil((batchSize * SHARE) / rows));
      let ms = 0;
      for (let i = 0; i < calls; i++) ms += await callMs(model, rows);
      msPerRow.push(ms / (calls * rows));
    }
    if (!mayBeFaster(times)) return null;
  }
  return times;
}

/** Whether any smaller size was ever faster than the largest. If not, more rounds would show nothing. */
function mayBeFaster([largest, ...smaller]: readonly CallTimes[]): boolean {
  const best = Math.min(...largest!.msPerRow);
  return smaller.some(({ msPerRow }) => Math.min(...msPerRow) < best);
}

/** CPU time of one call, without preparing its rows. */
async function callMs({ task, inference, options }: Timed, rows: number): Promise<number> {
  const { rows: made } = task.probeRows();
  const batch = task.open(rows, options);
  try {
    await prepareAll(
      batch,
      Array.from({ length: rows }, (_, i) => made[i % made.length]!),
    );
    const begun = process.cpuUsage();
    await inference.call(batch, [...Array(rows).keys()]);
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1000;
  } finally {
    batch.release();
  }
}
