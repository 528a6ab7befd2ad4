/** Reads rows within the worker's byte budget and a bound on concurrent reads. */
import type { RowError, RowRef } from '../../../shared/domain/row.ts';
import type { LaneInput } from '../../lane/messages.ts';
import type { ByteBudget } from '../byte-budget.ts';
import { createSharedClock } from '../shared-clock.ts';
import type { Semaphore } from '../semaphore.ts';
import type { RowReader, RowsOf } from './row-reader.ts';

export type BudgetedRead =
  | {
      readonly ok: true;
      readonly input: LaneInput;
      /** Its share of the time that reads took. See shared-clock.ts. */
      readonly ms: number;
      /** Its share of the time that rows waited for the byte budget. */
      readonly blockedMs: number;
      /** Call when the row's bytes are no longer needed. */
      release(): void;
    }
  | { readonly ok: false; readonly error: RowError };

export interface BudgetedReader {
  /**
   * Returns immediately if nothing has to be fetched, because lanes have their own budgets for local files. Rejects
   * only on abort. Takes a controller, not a signal: a controller creates its signal on first use, and only a fetch
   * needs one.
   */
  read(
    rows: RowsOf,
    row: RowRef,
    abort: Pick<AbortController, 'signal'>,
  ): BudgetedRead | Promise<BudgetedRead>;
}

const releaseNothing = () => {};

export function createBudgetedReader(deps: {
  reader: RowReader;
  budget: ByteBudget;
  atOnce: Semaphore;
}): BudgetedReader {
  const clock = createSharedClock();

  async function fetch(
    location: Parameters<RowReader['fetch']>[0],
    signal: AbortSignal,
  ): Promise<BudgetedRead> {
    const booking = await deps.budget.admit();
    let ms = 0;
    try {
      const end = clock.start();
      const read = await deps.reader.fetch(location, signal).finally(() => (ms = end()));
      if (!read.ok) {
        booking.release();
        return read;
      }
      booking.settle(read.bytes);
      return { ...read, ms, blockedMs: booking.blockedMs, release: booking.release };
    } catch (error) {
      booking.release();
      throw error;
    }
  }

  return {
    read(rows, row, abort) {
      const located = deps.reader.locate(rows, row);
      if ('fetch' in located) return deps.atOnce.use(async () => fetch(located.fetch, abort.signal));
      return located.ok
        ? { ok: true, input: located.input, ms: 0, blockedMs: 0, release: releaseNothing }
        : located;
    },
  };
}
