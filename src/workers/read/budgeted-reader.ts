/** Reads rows within the worker's byte budget and a bound on reads at once. */
import type { DatasetSpec } from '../../shared/domain/dataset-spec.ts';
import type { RowError, RowRef } from '../../shared/domain/row.ts';
import type { LaneInput } from '../lane/messages.ts';
import type { ByteBudget } from '../byte-budget.ts';
import type { Semaphore } from '../semaphore.ts';
import type { RowReader } from './row-reader.ts';

export type BudgetedRead =
  | {
      readonly ok: true;
      readonly input: LaneInput;
      readonly bytes: number;
      readonly ms: number;
      /** Call when the row's bytes are no longer needed. */
      release(): void;
    }
  | { readonly ok: false; readonly error: RowError };

export interface BudgetedReader {
  /** Rejects only on abort. */
  read(dataset: DatasetSpec, row: RowRef, signal: AbortSignal): Promise<BudgetedRead>;
}

export function createBudgetedReader(deps: {
  reader: RowReader;
  budget: ByteBudget;
  atOnce: Semaphore;
}): BudgetedReader {
  return {
    read: async (dataset, row, signal) =>
      deps.atOnce.use(async () => {
        const booking = await deps.budget.admit();
        try {
          const started = performance.now();
          const read = await deps.reader.read(dataset, row, signal);
          if (!read.ok) {
            booking.release();
            return read;
          }
          booking.settle(read.bytes);
          return { ...read, ms: performance.now() - started, release: booking.release };
        } catch (error) {
          booking.release();
          throw error;
        }
      }),
  };
}
