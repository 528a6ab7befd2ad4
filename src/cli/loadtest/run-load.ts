/**
 * Sends requests at a rate that does not depend on the answers, or from clients that ask again as soon as they are
 * answered. The first shows the latency that users have. The second shows the throughput.
 */
import { setTimeout as wait } from 'node:timers/promises';

export interface LoadAnswer {
  /**
   * With a rate: since the request should have been sent. So if the service stalls, all requests of that time count, not
   * only the one that was sent before it (coordinated omission).
   */
  readonly ms: number;
  /** Null: a result. */
  readonly error: string | null;
}

/** `rate`: requests per second, at random times (a Poisson process). `clients`: each waits for its answer. */
export type Load = { readonly rate: number } | { readonly clients: number };

export interface LoadReport {
  readonly load: Load;
  readonly answers: readonly LoadAnswer[];
  /** From the first request to the last answer. */
  readonly seconds: number;
}

/** `ask`: resolves to the code of an error, or null. Must not reject. `random`: 0 to less than 1. */
export async function runLoad(
  load: Load,
  seconds: number,
  ask: () => Promise<string | null>,
  random: () => number = Math.random,
): Promise<LoadReport> {
  const answers: LoadAnswer[] = [];
  const began = performance.now();
  const end = began + seconds * 1000;

  async function askAt(intended: number): Promise<void> {
    const error = await ask();
    answers.push({ ms: performance.now() - intended, error });
  }

  if ('clients' in load) {
    const client = async () => {
      while (performance.now() < end) await askAt(performance.now());
    };
    await Promise.all(Array.from({ length: load.clients }, client));
  } else {
    const asked: Promise<void>[] = [];
    // Times between the events of a Poisson process are exponentially distributed.
    for (let next = began; ; next += (-Math.log(1 - random()) / load.rate) * 1000) {
      if (next >= end) break;
      const early = next - performance.now();
      if (early > 0) await wait(early);
      asked.push(askAt(next));
    }
    await Promise.all(asked);
  }
  return { load, answers, seconds: (performance.now() - began) / 1000 };
}
