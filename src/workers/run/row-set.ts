/** Rows of a block that are computed together, and what became of each. */
import type { RowError, RowOutcome } from '../../shared/domain/row.ts';
import type { RowReceiver } from '../intake/row-answer.ts';
import type { RunStats } from './run-stats.ts';

export interface RowSet extends RowReceiver {
  /** A row has ended without a lane. */
  settle(at: number, outcome: RowOutcome): void;
  /** A row was given up, because the run is aborted. */
  failed(error: unknown): void;
  /** Settles with one outcome per row, in order. Rejects with the error of `failed`. */
  readonly all: Promise<readonly RowOutcome[]>;
}

/** `problemOf`: returns a more exact error for a row that its lane found invalid, or null to keep the lane's. */
export function createRowSet(
  rows: number,
  stats: Pick<RunStats, 'answered'>,
  problemOf: (at: number) => RowError | null,
): RowSet {
  const outcomes = Array.from<RowOutcome>({ length: rows });
  let left = rows;
  let resolve!: (outcomes: readonly RowOutcome[]) => void;
  let reject!: (error: unknown) => void;
  const all = new Promise<readonly RowOutcome[]>((onAll, onError) => {
    resolve = onAll;
    reject = onError;
  });
  if (rows === 0) resolve(outcomes);

  function settle(at: number, outcome: RowOutcome): void {
    outcomes[at] = outcome;
    left -= 1;
    if (left === 0) resolve(outcomes);
  }

  function explained(at: number, outcome: RowOutcome): RowOutcome {
    if (outcome.ok || outcome.error.code !== 'invalid_row') return outcome;
    return { ok: false, error: problemOf(at) ?? outcome.error };
  }

  return {
    settle,
    failed: (error) => reject(error),
    answered(first, answers, batch) {
      stats.answered(answers.length, batch);
      for (const [i, outcome] of answers.entries()) settle(first + i, explained(first + i, outcome));
    },
    all,
  };
}
