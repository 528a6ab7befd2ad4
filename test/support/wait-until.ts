// Waits for a condition. Tests use this instead of a fixed delay.
import { setTimeout as delay } from 'node:timers/promises';

/** What is asked for may last only a moment. */
const PAUSE_MS = 20;

/** For a state that lasts: less and less often, because each check takes processor time from what is waited for. */
export const rarely = (waitedMs: number): number => Math.min(100, Math.max(PAUSE_MS, waitedMs / 20));

/**
 * Checks every 20 ms, or after the pauses that `pauseMs` returns. After `timeoutMs` it rejects with an error that names
 * `what`.
 */
export async function waitUntil<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  timeoutMs = 60_000,
  pauseMs: (waitedMs: number) => number = () => PAUSE_MS,
): Promise<T> {
  const began = Date.now();
  const until = began + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > until) throw new Error(`waited ${timeoutMs} ms for ${what} without success`);
    await delay(pauseMs(Date.now() - began));
  }
}
