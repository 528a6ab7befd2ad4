/**
 * Retries an operation after a temporary failure, with increasing pauses. Any other failure is final.
 * Implemented here, because p-retry cannot wait for as long as a server asks (docs/adr/0010-own-pieces.md).
 */
import { ForebayError } from '../errors.ts';
import { onAbort } from '../process/on-abort.ts';

/** With pauses of up to 0.25, 0.5, 1 and 2 s between them, the attempts outlast a short outage. */
const TRIES = 5;

export interface RetryOptions {
  /** Maximum number of attempts. */
  readonly tries?: number;
  /** Maximum pause before the second attempt, ms. It doubles with each further attempt. */
  readonly firstPauseMs?: number;
  /**
   * Limits the pause, ms. A pause that the server asks for is added. If it alone exceeds the limit, the operation
   * fails.
   */
  readonly maxPauseMs?: number;
}

/** Rejects as `operation` does, with the error of the last attempt. */
export async function retry<T>(
  operation: () => Promise<T>,
  signal: AbortSignal,
  { tries = TRIES, firstPauseMs = 250, maxPauseMs = 10_000 }: RetryOptions = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await operation();
    } catch (error) {
      if (signal.aborted || !isTransient(error) || attempt >= tries) throw error;
      const longest = Math.min(maxPauseMs, firstPauseMs * 2 ** (attempt - 1));
      const asked = (error.retryAfterS ?? 0) * 1000;
      if (asked > maxPauseMs) throw error;
      // Random, so that rows that failed together, or were asked for the same pause, are not retried together.
      await pause(asked + longest * Math.random(), signal);
    }
  }
}

function isTransient(error: unknown): error is ForebayError {
  return error instanceof ForebayError && error.retryable;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve) => {
    const undo = onAbort(signal, end);
    const timer = setTimeout(end, ms);
    function end() {
      clearTimeout(timer);
      undo();
      resolve();
    }
  });
  signal.throwIfAborted();
}
