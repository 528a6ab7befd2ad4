/**
 * Rows that wait for a batch, oldest first. Online rows of a higher priority come before all others. Rows that came
 * together are kept as one object, because an object per small row costs too much (ADR 15).
 */
import type { LaneRows } from '../lane/lane-rows.ts';
import { DEFAULT_PRIORITY } from '../../shared/domain/online-priority.ts';
import type { RowReceiver } from './row-answer.ts';

/** Consecutive rows with the same receiver. */
export interface RowRun {
  readonly inputs: LaneRows;
  readonly receiver: RowReceiver;
  readonly tenant: string;
  /** Names the first row to the receiver. */
  readonly first: number;
  /** When the rows began to wait, in monotonic milliseconds. */
  readonly since: number;
}

export interface ReadyRows {
  readonly count: number;
  /** When the oldest row began to wait. Null if no row waits. */
  readonly since: number | null;
  /** The tenant of the oldest row. Null if no row waits. */
  readonly tenant: string | null;
  /** Priority of the first rows. Null if no row waits. */
  readonly priority: number | null;
  add(run: RowRun): void;
  /** Puts rows that were taken back in front of all others. */
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
    get tenant() {
      return runs[0]?.tenant ?? null;
    },
    get priority() {
      return runs.length === 0 ? null : priorityOf(runs[0]!);
    },
    add(run) {
      const priority = priorityOf(run);
      let at = runs.length;
      while (at > 0 && priorityOf(runs[at - 1]!) > priority) at -= 1;
      if (at === runs.length) runs.push(run);
      else runs.splice(at, 0, run);
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

const priorityOf = ({ receiver }: RowRun) => receiver.priority ?? DEFAULT_PRIORITY;

export function rowsIn(runs: readonly RowRun[]): number {
  return runs.reduce((rows, { inputs }) => rows + inputs.length, 0);
}

/** One RowRun for each row. */
export function oneByOne(runs: readonly RowRun[]): RowRun[] {
  return runs.flatMap((run) => Array.from({ length: run.inputs.length }, (_, at) => partOf(run, at, at + 1)));
}

function partOf(run: RowRun, from: number, to: number): RowRun {
  const { inputs, receiver, tenant, first, since } = run;
  if (from === 0 && to >= inputs.length) return run;
  return { inputs: inputs.slice(from, to), receiver, tenant, first: first + from, since };
}
