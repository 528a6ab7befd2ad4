/** Ctrl-C and its like: the first asks for a clean end, the next one forces. */
import { STOP_SIGNALS, type StopSignal } from '../exit-codes.ts';

/**
 * npm passes on to its child the Ctrl-C that the terminal has already sent it: two signals, one key press.
 * Nobody presses twice within this time and means it.
 */
const ONE_PRESS_MS = 300;

export interface StopHandlers {
  /** Called once. */
  readonly onFirst: (signal: StopSignal) => void;
  /** Called for each further one. */
  readonly onForced: (signal: StopSignal) => void;
}

/** Returns a function that takes the handlers away. */
export function onStopSignals(handlers: StopHandlers, now: () => number = Date.now): () => void {
  let firstAt: number | null = null;
  const listener = (signal: StopSignal) => {
    if (firstAt === null) {
      firstAt = now();
      handlers.onFirst(signal);
    } else if (now() - firstAt > ONE_PRESS_MS) {
      handlers.onForced(signal);
    }
  };
  for (const signal of STOP_SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of STOP_SIGNALS) process.off(signal, listener);
  };
}
