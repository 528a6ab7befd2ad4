/** What the batcher must know of online rows: when they are too late. Pure. */
import { rowsIn, type RowRun } from './ready-rows.ts';

/** `now`: by machine-clock.ts. */
export function splitLate(runs: readonly RowRun[], now: number): { late: RowRun[]; timely: RowRun[] } {
  const late: RowRun[] = [];
  const timely: RowRun[] = [];
  for (const run of runs) {
    const { deadline = Infinity, isUnwanted } = run.receiver;
    (deadline <= now || isUnwanted?.() ? late : timely).push(run);
  }
  return { late, timely };
}

/** One for each row. */
export function deadlinesOf(runs: readonly RowRun[]): Float64Array {
  const deadlines = new Float64Array(rowsIn(runs));
  let at = 0;
  for (const { inputs, receiver } of runs) {
    deadlines.fill(receiver.deadline ?? Infinity, at, (at += inputs.length));
  }
  return deadlines;
}
