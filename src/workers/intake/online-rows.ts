/** What the batcher must know of online rows: when they are too late, and how many leave together. Pure. */
import type { OpenGroup } from './batch-group.ts';
import { rowsIn, type RowRun } from './ready-rows.ts';

/** How many of the waiting rows leave if a lane has room. 0: they wait for more. */
export function rowsToSend(
  waiting: number,
  waitedMs: number,
  { batchSize, maxWaitMs, preferredSizes }: Pick<OpenGroup, 'batchSize' | 'maxWaitMs' | 'preferredSizes'>,
): number {
  if (waiting >= batchSize) return batchSize;
  const preferred = preferredSizes.find((size) => size <= waiting);
  if (preferred !== undefined) return preferred;
  return waitedMs >= maxWaitMs ? waiting : 0;
}

/** When the oldest of the rows began to wait. */
export function oldestOf(runs: readonly RowRun[]): number {
  return runs.reduce((oldest, { since }) => Math.min(oldest, since), Infinity);
}

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

/** The entries by the priority of their first rows. Those with the same priority stay in their order. */
export function byPriority(groups: ReadonlyMap<string, OpenGroup>): [string, OpenGroup][] {
  const entries = Array.from(groups);
  const priorityOf = ({ ready }: OpenGroup) => ready.priority ?? Infinity;
  return entries.length === 1 ? entries : entries.sort(([, a], [, b]) => priorityOf(a) - priorityOf(b));
}
