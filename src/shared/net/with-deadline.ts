/** Gives an operation a deadline, in addition to the signal of its caller. */
import { onAbort } from '../process/on-abort.ts';

/** One operation. `stop` aborts when `caller` aborts or the time is over. */
export interface Attempt {
  readonly caller: AbortSignal;
  readonly stop: AbortSignal;
}

/** Rejects as `operation` does, or with the caller's reason when the caller aborts. */
export async function withDeadline<T>(
  timeoutMs: number,
  caller: AbortSignal,
  operation: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  caller.throwIfAborted();
  // AbortSignal.any would leak on Node 20, where a long-lived signal retains all signals that were derived from it.
  const stop = new AbortController();
  const end = () => stop.abort();
  const timer = setTimeout(end, timeoutMs);
  const undo = onAbort(caller, end);
  try {
    return await operation({ caller, stop: stop.signal });
  } catch (error) {
    caller.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    undo();
  }
}
