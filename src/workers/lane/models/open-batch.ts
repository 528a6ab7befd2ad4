/**
 * One batch on its way through a model. Each row is prepared by the task, straight into the batch's tensors. Then the
 * rows that are ready are run together. If there is no memory for the batch, it is prepared and run in halves.
 */
import type { ColumnRows } from '../../../shared/domain/column-rows.ts';
import type { PackedRecords } from '../../../shared/domain/packed-records.ts';
import { amongFailed, joinOutcomes, packOutcomes, type Outcomes } from '../../../shared/domain/outcomes.ts';
import type { RowError } from '../../../shared/domain/row.ts';
import { messageOf } from '../../../shared/errors.ts';
import { isOutOfMemory } from '../out-of-memory.ts';
import type { TaskBatch, TaskInput } from '../tasks/task.ts';
import { addTimings, NO_TIME, type Inference, type InferenceTimings, type RunCalls } from './inference.ts';

export interface OpenBatch {
  /** See TaskBatch.prepare. */
  prepare(at: number, row: TaskInput): RowError | null | Promise<RowError | null>;
  /** See TaskBatch.prepareRecords. */
  prepareRecords?(records: PackedRecords): (RowError | null)[];
  /** See TaskBatch.prepareColumns. */
  prepareColumns?(columns: ColumnRows): (RowError | null)[];
  /**
   * Returns one outcome for each of these rows, which are prepared and in ascending order. Must be called once after
   * all preparing, even for no rows. Afterwards, the batch's memory may be used for another batch. `how`: only for models
   * that split batches. See ModelInfo.
   */
  run(rows: readonly number[], how?: RunCalls): Promise<BatchRun>;
}

export interface BatchRun {
  readonly outcomes: Outcomes;
  readonly timings: InferenceTimings;
  /** Of a pipeline: how many rows each model has answered. */
  readonly answeredBy?: ReadonlyMap<string, number>;
}

/**
 * Runs the rows that could be prepared, and returns the outcomes of all rows. `errors`: one per row of the batch, null if
 * the row is prepared.
 */
export async function runPrepared(
  batch: Pick<OpenBatch, 'run'>,
  errors: readonly (RowError | null)[],
  how?: RunCalls,
): Promise<Pick<BatchRun, 'outcomes' | 'timings'>> {
  const good = errors.flatMap((error, i) => (error === null ? [i] : []));
  const { outcomes, timings } = await batch.run(good, how);
  return { outcomes: amongFailed(errors, outcomes), timings };
}

interface Parts {
  /** Throws if there is no memory for the batch. */
  readonly open: (rows: number) => TaskBatch;
  readonly inference: Pick<Inference, 'run'>;
}

/** Does not throw if memory runs out. Instead, the batch is run in parts, or its rows fail with `out_of_memory`. */
export function openBatch(rows: number, parts: Parts): OpenBatch {
  try {
    return openWhole(rows, parts);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    return rows > 1 ? openInHalves(rows, parts) : openNone(error);
  }
}

function openWhole(rows: number, { open, inference }: Parts): OpenBatch {
  const batch = open(rows);
  return {
    prepare: (at, row) => batch.prepare(at, row),
    ...(batch.prepareRecords && { prepareRecords: (records) => batch.prepareRecords!(records) }),
    ...(batch.prepareColumns && { prepareColumns: (columns) => batch.prepareColumns!(columns) }),
    async run(ready, how) {
      try {
        return await inference.run(batch, ready, how);
      } finally {
        batch.release();
      }
    },
  };
}

/** Only records the rows at first. Each half gets its memory when the previous half has released its own. */
function openInHalves(rows: number, parts: Parts): OpenBatch {
  const half = Math.ceil(rows / 2);
  const inputs: TaskInput[] = [];

  async function runPart(ready: readonly number[], how: RunCalls | undefined) {
    const part = openBatch(ready.length, parts);
    const prepared = await Promise.all(ready.map(async (at, i) => part.prepare(i, inputs[at]!)));
    return runPrepared(part, prepared, how);
  }

  return {
    prepare(at, row) {
      inputs[at] = row;
      return null;
    },
    async run(ready, how) {
      const outcomes: Outcomes[] = [];
      const sum = NO_TIME();
      for (let from = 0; from < ready.length; from += half) {
        const part = await runPart(ready.slice(from, from + half), how);
        outcomes.push(part.outcomes);
        addTimings(sum, part.timings);
      }
      return { outcomes: joinOutcomes(outcomes), timings: sum };
    },
  };
}

/** Not even one row fits. */
function openNone(why: unknown): OpenBatch {
  const error: RowError = {
    code: 'out_of_memory',
    message: `no memory for the model's input of this row alone: ${messageOf(why)}`,
  };
  return {
    prepare: () => error,
    run: async () => ({ outcomes: packOutcomes([]), timings: NO_TIME() }),
  };
}
