/** What one lane has to do: counts of the batches in it, and how long it has worked on the current one. */
import type { RunBatch } from './lane-handle.ts';

export type LaneLoad = ReturnType<typeof createLaneLoad>;

/**
 * Code of users that works on a batch for this long, and several times longer than on any batch before, may hang. Its
 * lane gets no online rows, because only the timeout of the batch would end their wait. A graph lets online rows in
 * between its calls, however long the batch takes.
 */
const SUSPECT_MS = 5_000;
const SUSPECT_TIMES = 3;

export function createLaneLoad() {
  let online = 0;
  let long = 0;
  /** Batches of models with code. */
  let code = 0;
  /** Of batches of blocks. */
  const priorities: number[] = [];
  let runsSince = 0;
  /** The longest time of a batch that the lane has finished, in ms. */
  let longestMs = 0;

  return {
    /** Online batches. */
    get online(): number {
      return online;
    },
    /** Batches of blocks that have several model calls. */
    get long(): number {
      return long;
    },
    /** The priorities of the batches of blocks. */
    get priorities(): readonly number[] {
      return priorities;
    },
    /** Since when the current batch runs, in monotonic milliseconds. */
    get runsSince(): number {
      return runsSince;
    },
    /** Whether code of users seems to hang in the lane. */
    get mayHang(): boolean {
      const limit = Math.max(SUSPECT_MS, SUSPECT_TIMES * longestMs);
      return code > 0 && performance.now() - runsSince > limit;
    },
    /**
     * A batch enters the lane. `isCode`: code of users is in its model. `isOnly`: no other batch is in the lane. Call the
     * returned function when the batch has ended. `isFinished`: its lane has answered it.
     */
    begin(batch: RunBatch, of: { readonly isCode: boolean; readonly isOnly: boolean }) {
      const { priority = 0, rows, callRows = rows.length, deadlines } = batch;
      const isOnline = deadlines !== undefined;
      const isLong = !isOnline && rows.length > callRows;
      if (of.isOnly) runsSince = performance.now();
      if (of.isCode) code += 1;
      if (isOnline) online += 1;
      else priorities.push(priority);
      if (isLong) long += 1;
      return (isFinished: boolean): void => {
        const now = performance.now();
        if (isFinished) longestMs = Math.max(longestMs, now - runsSince);
        runsSince = now;
        if (of.isCode) code -= 1;
        if (isOnline) online -= 1;
        else priorities.splice(priorities.indexOf(priority), 1);
        if (isLong) long -= 1;
      };
    },
  };
}
