/**
 * Finds out whether a row's answer depends on its batch: runs made-up rows alone and in batches, and compares the
 * outputs. Also measures how much memory one batch adds to the process. Its time is bounded.
 */
import { performance } from 'node:perf_hooks';
import type { BatchInvariance, BatchVerdict } from '../../../shared/domain/model/batch-invariance.ts';
import type { OptionValues } from '../../../shared/tasks/task-description.ts';
import type { BoundTask } from '../tasks/task.ts';
import type { Inference } from './inference.ts';
import { prepareAll } from './prepare-all.ts';

/** Time for the probe. Calls that would end later are left out. ResNet-50 on one core still reaches a batch of 4. */
const BUDGET_MS = 1000;
/** Largest batch to try beyond the model's own. */
const LARGEST_BATCH = 16;
/**
 * A difference above this share of the outputs' range counts as a change. One rounding to half precision (5e-4) and
 * sums in another order (1e-6) stay below it. One step of 8 bits (4e-3) is above it. Dynamic quantisation moves
 * MobileNetV2 by 7e-2.
 */
const RANGE_TOLERANCE = 1e-3;
/** The same as a share of the outputs' magnitude, for outputs that hardly differ: 80 roundings of float32. */
const MAGNITUDE_TOLERANCE = 1e-5;

export interface ProbeFindings {
  readonly batchInvariance: BatchInvariance;
  /** Resident memory right after the first call of `batchSize` rows, in bytes. Null if there was no such call. */
  readonly rssAfterBatch: number | null;
}

/**
 * `batchSize`: the rows per call that the model will run with, unless its graph fixes them. `budgetMs` bounds the time.
 * Never rejects.
 */
export async function probeBatches(model: {
  readonly task: BoundTask;
  readonly inference: Pick<Inference, 'call'>;
  /** The model's default options. */
  readonly options: OptionValues;
  readonly batchSize: number;
  readonly budgetMs?: number | undefined;
}): Promise<ProbeFindings> {
  const { task, inference, options, budgetMs = BUDGET_MS } = model;
  const { fixedBatch } = task;
  const batchSize = fixedBatch ?? model.batchSize;
  const { rows: made } = task.probeRows();
  let rssAfterBatch: number | null = null;

  /** Runs one call on these rows. Returns the output of each row. */
  async function call(order: readonly number[]): Promise<Float32Array[]> {
    const batch = task.open(order.length, options);
    try {
      await prepareAll(
        batch,
        order.map((row) => made[row]!),
      );
      const outputs = await inference.call(batch, [...order.keys()]);
      if (order.length === batchSize) rssAfterBatch ??= process.memoryUsage.rss();
      // The batch's memory is reused, so the numbers are copied.
      return task.numbers(outputs, order.length).map((numbers) => numbers.slice());
    } finally {
      batch.release();
    }
  }

  /** A fixed batch is filled up with copies, as for the last rows of a job. */
  const alone = async (row: number) => (await call(Array<number>(fixedBatch ?? 1).fill(row)))[0]!;

  async function compare(): Promise<BatchInvariance> {
    const start = performance.now();
    const single: Float32Array[] = [await alone(0)];
    const callMs = performance.now() - start;
    if (fixedBatch === 1) return finding('fixed_batch', 0, 1);
    // A slower model keeps the verdict `unknown`.
    if (callMs > budgetMs) return finding('unknown', 0, 1);
    const cost = (rows: number) => callMs * (fixedBatch === null ? rows : 1);
    const fits = (rows: number) => performance.now() - start + cost(rows) <= budgetMs;
    const own = Math.max(2, batchSize);
    // The first batch shows the most, also about memory. It may take twice the budget, because the machine may still be
    // busy with the start.
    const first = cost(own) <= 2 * budgetMs ? own : 2;
    const sizes = fixedBatch === null ? [first, 2, LARGEST_BATCH, own] : [own, own];
    const batches: Batch[] = [];
    for (const [n, size] of sizes.entries()) {
      // In each batch, rows have other neighbours and positions. The first batch holds row 0, which has run alone
      // already.
      const order = Array.from({ length: size }, (_, i) => (i * 3 + n + 1) % made.length);
      if (n > 0 && !fits(size)) continue;
      batches.push({ order, rows: await call(order) });
      for (const row of order) if (fits(1)) single[row] ??= await alone(row);
    }
    return judge(single, batches);
  }

  const batchInvariance = await compare().catch(() => finding('unknown', 0, 1));
  return { batchInvariance, rssAfterBatch };
}

interface Batch {
  /** The made-up row at each position. */
  readonly order: readonly number[];
  readonly rows: readonly Float32Array[];
}

/** `single`: the output of each made-up row alone, as far as there was time. */
function judge(single: readonly Float32Array[], batches: readonly Batch[]): BatchInvariance {
  let most = 0;
  let batch = Math.max(...batches.map((b) => b.rows.length));
  for (const { order, rows } of batches) {
    for (const [slot, row] of rows.entries()) {
      const alone = single[order[slot]!];
      const moved = alone ? largestDifference(alone, row) : 0;
      if (moved <= most) continue;
      most = moved;
      batch = rows.length;
    }
  }
  return finding(most > tolerance(single) ? 'variant' : 'invariant', most, batch);
}

function tolerance(rows: readonly Float32Array[]): number {
  let low = Infinity;
  let high = -Infinity;
  // forEach skips rows without a result.
  rows.forEach((row) => {
    for (const value of row) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  });
  if (low > high) return 0;
  return Math.max((high - low) * RANGE_TOLERANCE, Math.max(-low, high) * MAGNITUDE_TOLERANCE);
}

/** If only one side is NaN or infinite, the difference is the largest number. */
function largestDifference(a: Float32Array, b: Float32Array): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i]) || a[i] === b[i]) continue;
    const moved = Math.abs(a[i]! - b[i]!);
    most = Math.max(most, Number.isFinite(moved) ? moved : Number.MAX_VALUE);
  }
  return most;
}

function finding(verdict: BatchVerdict, maxDifference: number, batch: number): BatchInvariance {
  return { verdict, maxDifference, batch };
}
