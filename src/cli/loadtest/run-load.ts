/**
 * Sends requests at a rate that does not depend on the answers, or from clients that ask again as soon as they are
 * answered. The first shows the latency that users have. The second shows the throughput.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { untilAborted } from '../../shared/process/lifecycle.ts';

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

/**
 * `ask`: resolves to the code of an error, or null. Must not reject. `random`: 0 to less than 1. `signal`: ends the load
 * early, with the answers that have come by then.
 */
export async function runLoad(
  load: Load,
  seconds: number,
  ask: () => Promise<string | null>,
  random: () => number = Math.random,
  signal: AbortSignal = new AbortController().signal,
): Promise<LoadReport> {
  const answers: LoadAnswer[] = [];
  const began = performance.now();
  const end = began + seconds * 1000;

  const stopped = untilAborted(signal);

  async function askAt(intended: number): Promise<void> {
    const error = await ask();
    answers.push({ ms: performance.now() - intended, error });
  }

  if ('clients' in load) {
    const client = async () => {
      while (!signal.aborted && performance.now() < end) await askAt(performance.now());
    };
    await Promise.race([Promise.all(Array.from({ length: load.clients }, client)), stopped]);
  } else {
    const asked: Promise<void>[] = [];
    // Times between the events of a Poisson process are exponentially distributed.
    for (let next = began; ; next += (-Math.log(1 - random()) / load.rate) * 1000) {
      if (next >= end) break;
      const early = next - performance.now();
      if (early > 0) await Promise.race([wait(early), stopped]);
      if (signal.aborted) break;
      asked.push(askAt(next));
    }
    await Promise.race([Promise.all(asked), stopped]);
  }
  return { load, answers: [...answers], seconds: (performance.now() - began) / 1000 };
}
