/** Long work in pieces: lets the event loop go on after each few milliseconds of it. */
import { setImmediate } from 'node:timers/promises';

export interface Turn {
  /** Whether this turn of the event loop has taken long enough. */
  isOver(): boolean;
  /** Lets everything else that waits have its turn. */
  next(): Promise<void>;
}

/** Far below what a client notices, far above what a turn costs. */
const TURN_MS = 10;

/** A turn begins now. */
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
