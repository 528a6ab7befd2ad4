/** Ctrl-C and similar signals. The first asks for a clean end, the next one forces it. */
import { STOP_SIGNALS, type StopSignal } from '../exit-codes.ts';

/**
 * npm forwards Ctrl-C to its child, which already gets it from the terminal. So one key press gives two signals. Nobody
 * presses the key twice within this time on purpose.
 */
const ONE_PRESS_MS = 300;

export interface StopHandlers {
  /** Called once. */
  readonly onFirst: (signal: StopSignal) => void;
  /** Called for each signal that comes more than ONE_PRESS_MS after the first. */
  readonly onForced: (signal: StopSignal) => void;
}

/** Returns a function that removes the handlers. */
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
