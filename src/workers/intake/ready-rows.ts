/**
 * Rows that wait for a batch, oldest first. They are kept in runs of rows that came together, because an object per small
 * row costs more than its answer (ADR 15).
 */
import type { LaneInput } from '../lane/messages.ts';
import type { RowReceiver } from './row-answer.ts';

/** Rows with one receiver, side by side. */
export interface RowRun {
  readonly inputs: readonly LaneInput[];
  readonly receiver: RowReceiver;
  /** Names the first row to the receiver. */
  readonly first: number;
  /** Since when they wait. Monotonic milliseconds. */
  readonly since: number;
}

export interface ReadyRows {
  readonly count: number;
  /** Since when the oldest row waits. Null if there is none. */
  readonly since: number | null;
  add(run: RowRun): void;
  /** Puts rows back that were taken, before all others. */
  putBack(runs: readonly RowRun[]): void;
  /** The oldest rows, up to this number. They stay until they are dropped. */
  oldest(rows: number): RowRun[];
  /** Removes the oldest rows. */
  drop(rows: number): void;
}

export function createReadyRows(): ReadyRows {
  let runs: RowRun[] = [];
  let count = 0;

  return {
    get count() {
      return count;
    },
    get since() {
      return runs[0]?.since ?? null;
    },
    add(run) {
      runs.push(run);
      count += run.inputs.length;
    },
    putBack(back) {
      runs = [...back, ...runs];
      count += rowsIn(back);
    },
    oldest(rows) {
      const found: RowRun[] = [];
      let missing = rows;
      for (const run of runs) {
        if (missing === 0) break;
        const part = partOf(run, 0, missing);
        found.push(part);
        missing -= part.inputs.length;
      }
      return found;
    },
    drop(rows) {
      let left = Math.min(rows, count);
      count -= left;
      let whole = 0;
      while (left > 0 && runs[whole]!.inputs.length <= left) left -= runs[whole++]!.inputs.length;
      runs.splice(0, whole);
      if (left > 0) runs[0] = partOf(runs[0]!, left, Infinity);
    },
  };
}

export function rowsIn(runs: readonly RowRun[]): number {
  return runs.reduce((rows, { inputs }) => rows + inputs.length, 0);
}

/** Each row as a run of its own. */
export function oneByOne(runs: readonly RowRun[]): RowRun[] {
  return runs.flatMap((run) => run.inputs.map((_, at) => partOf(run, at, at + 1)));
}

function partOf(run: RowRun, from: number, to: number): RowRun {
  const { inputs, receiver, first, since } = run;
  if (from === 0 && to >= inputs.length) return run;
  return { inputs: inputs.slice(from, to), receiver, first: first + from, since };
}
