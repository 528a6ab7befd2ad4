/** Recognises that memory ran out, and retries work when other work has freed its memory. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../shared/errors.ts';

/**
 * The first three come from onnxruntime's arena and C++, the next two from V8. The last comes from libvips, whose
 * threads need a stack.
 */
const RAN_OUT =
  /bad_alloc|failed to allocate memory|(cannot|could not) allocate memory|array buffer allocation failed|out of memory|error creating thread/i;

export function isOutOfMemory(error: unknown): boolean {
  return RAN_OUT.test(messageOf(error));
}

/** sharp's message if libvips fails without one. A thread without memory for a message fails this way. */
const SAYS_NOTHING = /unknown error/i;

function mayHaveRunOut(error: unknown): boolean {
  return isOutOfMemory(error) || SAYS_NOTHING.test(messageOf(error));
}

/**
 * Waits before each attempt that runs alone. On a busy machine, work that has ended may still hold its thread for a
 * moment.
 */
const WAITS_MS = [0, 5, 20, 80];

export interface SharedMemory {
  /** Starts `attempt` immediately. If memory may have run out, retries it alone when all other attempts have ended. */
  use<T>(attempt: () => Promise<T>): Promise<T>;
}

/** Runs work while nothing else on other threads takes memory. */
export type Exclusively = <T>(work: () => Promise<T>) => Promise<T>;

export function createSharedMemory(exclusively: Exclusively = async (work) => work()): SharedMemory {
  const underWay = new Set<Promise<unknown>>();
  let last: Promise<unknown> = Promise.resolve();

  async function use<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await tracked(attempt());
    } catch (error) {
      if (!mayHaveRunOut(error)) throw error;
    }
    const mine = last.then(async () => exclusively(async () => alone(attempt)));
    last = mine.catch(() => {});
    return mine;
  }

  async function alone<T>(attempt: () => Promise<T>, waitsMs: readonly number[] = WAITS_MS): Promise<T> {
    const [waitMs = 0, ...later] = waitsMs;
    await Promise.allSettled(underWay);
    if (waitMs > 0) await delay(waitMs);
    try {
      return await attempt();
    } catch (error) {
      if (later.length === 0 || !mayHaveRunOut(error)) throw error;
    }
    return alone(attempt, later);
  }

  async function tracked<T>(work: Promise<T>): Promise<T> {
    underWay.add(work);
    try {
      return await work;
    } finally {
      underWay.delete(work);
    }
  }

  return { use };
}
