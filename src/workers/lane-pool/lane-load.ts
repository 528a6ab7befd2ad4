/** What one lane has to do: counts of the batches in it, and how long it has worked on the current one. */
import type { SlowCode } from '../../shared/domain/slow-code.ts';
import type { RunBatch } from './lane-handle.ts';

export type LaneLoad = ReturnType<typeof createLaneLoad>;

/**
 * Code of users that works on a batch for this long, and several times longer than on any batch before, may hang. Its
 * lane gets no online rows, because only the timeout of the batch would end their wait. A graph lets online rows in
 * between its calls, however long the batch takes.
 */
const SUSPECT_MS = 5_000;
const SUSPECT_TIMES = 3;
/** Code that has worked on a batch for this long is reported to clients whose time is over. */
const SLOW_MS = 1_000;

export function createLaneLoad() {
  let online = 0;
  let long = 0;
  /** The models of the batches with code, oldest first. */
  const code: string[] = [];
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
    /** The priority of each batch of a block. */
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
      return code.length > 0 && performance.now() - runsSince > limit;
    },
    /** Code that seems to keep the lane busy. The lane runs its oldest batch first, unless an online one overtakes it. */
    get slowCode(): SlowCode | null {
      const [model] = code;
      const ms = performance.now() - runsSince;
      return model !== undefined && ms > SLOW_MS ? { model, ms } : null;
    },
    /**
     * A batch enters the lane. `isCode`: whether its model has code of users. `isOnly`: whether the lane has no other
     * batch. Call the returned function when the batch ends. `isFinished`: whether the lane has answered it.
     */
    begin(batch: RunBatch, of: { readonly isCode: boolean; readonly isOnly: boolean }) {
      const { priority = 0, rows, callRows = rows.length, deadlines } = batch;
      const isOnline = deadlines !== undefined;
      const isLong = !isOnline && rows.length > callRows;
      if (of.isOnly) runsSince = performance.now();
      if (of.isCode) code.push(batch.model);
      if (isOnline) online += 1;
      else priorities.push(priority);
      if (isLong) long += 1;
      return (isFinished: boolean): void => {
        const now = performance.now();
        if (isFinished) longestMs = Math.max(longestMs, now - runsSince);
        runsSince = now;
        if (of.isCode) code.splice(code.indexOf(batch.model), 1);
        if (isOnline) online -= 1;
        else priorities.splice(priorities.indexOf(priority), 1);
        if (isLong) long -= 1;
      };
    },
  };
}
