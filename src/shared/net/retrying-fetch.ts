/**
 * Fetching that bears passing trouble: what may go away is tried again, later and later, and a host that fails all
 * the time is left alone (circuit-breaker.ts). What will not change fails at once.
 */
import { ForebayError } from '../errors.ts';
import { onAbort } from '../on-abort.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import type { GuardedFetch } from './guarded-fetch.ts';

export interface RetryingFetchOptions {
  readonly fetchBytes: GuardedFetch['fetchBytes'];
  readonly breaker: CircuitBreaker;
  /** Tries in all. */
  readonly tries: number;
  /** Longest pause before the second try, ms; doubles with each further one. */
  readonly firstPauseMs?: number;
  readonly maxPauseMs?: number;
}

/** Rejects as `fetchBytes` does, with the last try's error; `fetch_unavailable` where its host is left alone. */
export function createRetryingFetch(options: RetryingFetchOptions): GuardedFetch['fetchBytes'] {
  const { fetchBytes, breaker, tries, firstPauseMs = 250, maxPauseMs = 10_000 } = options;

  async function once(url: string, signal: AbortSignal): Promise<Uint8Array> {
    const host = hostOf(url);
    const closedFor = breaker.closedFor(host);
    if (closedFor > 0) {
      throw new ForebayError(
        'fetch_unavailable',
        `${host} has failed many times in a row and is not asked for another ${Math.ceil(closedFor / 1000)} s`,
        { retryAfterS: closedFor / 1000 },
      );
    }
    try {
      const bytes = await fetchBytes(url, signal);
      breaker.succeeded(host);
      return bytes;
    } catch (error) {
      // Any answer shows a host that works, and a stopped caller shows nothing.
      if (isTransient(error)) breaker.failed(host);
      else breaker.succeeded(host);
      throw error;
    }
  }

  return async function fetchRetrying(url, signal) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(url, signal);
      } catch (error) {
        if (!isTransient(error) || attempt >= tries) throw error;
        const longest = Math.min(maxPauseMs, firstPauseMs * 2 ** (attempt - 1));
        const asked = (error.retryAfterS ?? 0) * 1000;
        if (asked > maxPauseMs) throw error;
        // Anywhere in the pause, so that rows that failed together do not come back together.
        await pause(Math.max(asked, longest * Math.random()), signal);
      }
    }
  };
}

function isTransient(error: unknown): error is ForebayError {
  return error instanceof ForebayError && error.retryable;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
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
