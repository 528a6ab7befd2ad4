/** Retries requests to a store on the network. */
import { fetchError } from '../../net/fetch-outcome.ts';
import { retry } from '../../net/retry.ts';
import { withDeadline, type Attempt } from '../../net/with-deadline.ts';

export type Trying = <T>(
  signal: AbortSignal,
  work: (attempt: Attempt) => Promise<T>,
  /** Added to the deadline of each attempt. */
  moreMs?: number,
) => Promise<T>;

/** Retries temporary failures. Each attempt has its own deadline. */
export function createTrying(timeoutMs: number): Trying {
  return async (signal, work, moreMs = 0) =>
    retry(async () => {
      try {
        return await withDeadline(timeoutMs + moreMs, signal, async (attempt) => {
          try {
            return await work(attempt);
          } catch (error) {
            throw attempt.caller.aborted ? error : fetchError(error, attempt.isOver, timeoutMs + moreMs);
          }
        });
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      }
    }, signal);
}
