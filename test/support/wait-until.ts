// Waits for a condition. Tests use this instead of a fixed delay.
import { setTimeout as delay } from 'node:timers/promises';

/** Checks every 20 ms. After `timeoutMs` it rejects with an error that names `what`. */
export async function waitUntil<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  timeoutMs = 60_000,
): Promise<T> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > until) throw new Error(`waited ${timeoutMs} ms for ${what} without success`);
    await delay(20);
  }
}
