/** What the batcher must know of online rows: when they are too late, how long they may wait, and how many leave. Pure. */
import type { OpenGroup } from './batch-group.ts';
import { rowsIn, type RowRun } from './ready-rows.ts';

export interface NextBatch {
  /** 0: the waiting rows wait for more. */
  readonly rows: number;
  /** Whether it may be sent to a busy lane, because no more rows will join it. */
  readonly isFull: boolean;
}

/** Of the time until its deadline, a row waits for others at most this share. The rest is for its answer. */
const MOST_WAITING = 0.5;

export interface BatchBounds {
  /** Lanes that hold the model. */
  readonly lanes: number;
  /** With fewer rows, a batch would cost too much. */
  readonly fewest: number;
  readonly most: number;
}

/**
 * How many of the waiting rows go into one batch if a lane has room. Rows that need not wait for others are divided
 * among the lanes, because a lane that takes all of them answers the first row only after the last one. `patience`: see
 * patienceMs.
 */
export function nextBatch(
  waiting: number,
  patience: number,
  { maxWaitMs, preferredSizes }: Pick<OpenGroup, 'maxWaitMs' | 'preferredSizes'>,
  { lanes, fewest, most }: BatchBounds,
): NextBatch {
  if (maxWaitMs === 0 && preferredSizes.length === 0) {
    const rows = Math.min(most, waiting, Math.max(fewest, Math.ceil(waiting / lanes)));
    return { rows, isFull: rows === most || rows < waiting };
  }
  if (waiting >= most) return { rows: most, isFull: true };
  const preferred = preferredSizes.find((size) => size <= waiting);
  if (preferred !== undefined) return { rows: preferred, isFull: true };
  return { rows: patience <= 0 ? waiting : 0, isFull: false };
}

/**
 * How long the rows may still wait for others, in ms. With 0 or less they leave now. `answerMs`: how long a lane probably
 * works on them.
 */
export function patienceMs(
  runs: readonly Pick<RowRun, 'since' | 'receiver'>[],
  { maxWaitMs, answerMs }: { readonly maxWaitMs: number; readonly answerMs: number },
  now: { readonly local: number; readonly machine: number },
): number {
  let least = Infinity;
  for (const { since, receiver } of runs) {
    const waited = now.local - since;
    least = Math.min(least, maxWaitMs - waited);
    if (receiver.deadline === undefined) continue;
    const left = receiver.deadline - now.machine;
    least = Math.min(least, left - Math.max(answerMs, (waited + left) * (1 - MOST_WAITING)));
  }
  return least;
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
