/** Splits long work into pieces, so that the event loop runs after every few milliseconds. */
import { setImmediate } from 'node:timers/promises';

export interface Turn {
  /** Whether this piece of work has taken long enough. */
  isOver(): boolean;
  /** Lets the event loop run everything that waits. */
  next(): Promise<void>;
}

/** Far below what a client notices, and far above the cost of one turn. */
const TURN_MS = 10;

/** Starts a turn. */
export function createTurn(): Turn {
  let until = performance.now() + TURN_MS;
  return {
    isOver: () => performance.now() >= until,
    async next() {
      await setImmediate();
      until = performance.now() + TURN_MS;
    },
  };
}
