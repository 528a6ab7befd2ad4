/**
 * Keeps slices of decoding away from a run. A run begins one turn of the event loop after it was called, and nothing
 * goes ahead of it any more. So an online batch that came during a slice right before it would wait for the whole run,
 * and one that came during the run would wait for the slice right after it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface SliceGate {
  /** A run begins soon, or its next call does. */
  hold(): void;
  /** The run has ended, or does not begin yet. */
  release(): void;
  /** Receives messages, and resolves when the next slice may begin. */
  pass(): Promise<void>;
}

/**
 * A call that blocks the thread is over within this many turns: two pass until the last messages have been received, and
 * one until it begins. A longer call leaves the thread free, such as user code that waits for a server. Slices then go
 * on.
 */
const TURNS = 4;

export function createSliceGate(): SliceGate {
  let isHeld = false;
  let calls = 0;
  return {
    hold() {
      isHeld = true;
      calls += 1;
    },
    release() {
      isHeld = false;
    },
    async pass() {
      /** For how many turns a call has been about to begin, or has been running. */
      let turns = isHeld ? 1 : 0;
      let call = calls;
      for (;;) {
        const wasHeld = turns > 0;
        await nextTurn();
        if (calls !== call) turns = 0;
        call = calls;
        turns = isHeld ? turns + 1 : 0;
        // If the run has just ended, messages come first.
        if ((!isHeld && !wasHeld) || turns > TURNS) return;
      }
    },
  };
}
