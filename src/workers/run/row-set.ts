/** Rows of a block that are computed together, and what became of each. */
import { packOutcomes, type Outcomes } from '../../shared/domain/outcomes.ts';
import type { RowOutcome } from '../../shared/domain/row.ts';
import type { RowReceiver } from '../intake/row-answer.ts';
import type { ResultMemory } from './result-memory.ts';
import type { RunStats } from './run-stats.ts';

export interface RowSet extends RowReceiver {
  /** A row has ended without a lane. */
  settle(at: number, outcome: RowOutcome): void;
  /** A row was given up, because the run is aborted or a store is down. */
  failed(error: unknown): void;
  /** Settles with the outcomes of all rows, in order. Rejects with the error of `failed`. */
  readonly all: Promise<readonly Outcomes[]>;
}

/** `memory`: where answers are kept. Absent: where they arrived. */
export function createRowSet(
  rows: number,
  stats: Pick<RunStats, 'answered' | 'run'>,
  memory?: Pick<ResultMemory, 'keep'>,
): RowSet {
  const parts: { readonly first: number; readonly outcomes: Outcomes }[] = [];
  let left = rows;
  let resolve!: (outcomes: readonly Outcomes[]) => void;
  let reject!: (error: unknown) => void;
  const all = new Promise<readonly Outcomes[]>((onAll, onError) => {
    resolve = onAll;
    reject = onError;
  });
  if (rows === 0) resolve([]);

  function add(first: number, outcomes: Outcomes): void {
    parts.push({ first, outcomes });
    left -= outcomes.ends.length;
    if (left > 0) return;
    resolve(parts.sort((a, b) => a.first - b.first).map((part) => part.outcomes));
  }

  return {
    settle: (at, outcome) => add(at, packOutcomes([outcome])),
    failed: (error) => reject(error),
    run: stats.run,
    answered(first, outcomes, batch) {
      stats.answered(outcomes.ends.length, batch);
      add(first, memory?.keep(outcomes) ?? outcomes);
    },
    all,
  };
}
