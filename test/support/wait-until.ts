// Waits for a condition. Tests wait in no other way.
import { setTimeout as delay } from 'node:timers/promises';

/** Checks every 20 ms. After `timeoutMs` it rejects and names what it waited for. */
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
