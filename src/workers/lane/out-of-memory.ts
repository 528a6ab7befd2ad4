/** What running out of memory looks like, and what to do about it while others may be giving theirs back. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../shared/errors.ts';

/** onnxruntime's arena and C++ say the first three, V8 the next two, libvips' threads, which need a stack, the last. */
const RAN_OUT =
  /bad_alloc|failed to allocate memory|(cannot|could not) allocate memory|array buffer allocation failed|out of memory|error creating thread/i;

export function isOutOfMemory(error: unknown): boolean {
  return RAN_OUT.test(messageOf(error));
}

/** sharp's word where libvips fails and says nothing, as a thread does that finds no memory to say it. */
const SAYS_NOTHING = /unknown error/i;

function mayHaveRunOut(error: unknown): boolean {
  return isOutOfMemory(error) || SAYS_NOTHING.test(messageOf(error));
}

/**
 * Before each attempt after the first, which met others. The last one of those may have ended and its thread not be free
 * yet: on a busy machine that takes a moment.
 */
const WAITS_MS = [0, 5, 20, 80];

export interface SharedMemory {
  /** Resolves as `attempt` does, which is begun at once; where it may have run out of memory, again when the others are done. */
  use<T>(attempt: () => Promise<T>): Promise<T>;
}

export function createSharedMemory(): SharedMemory {
  const underWay = new Set<Promise<unknown>>();
  let last: Promise<unknown> = Promise.resolve();

  async function use<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await tracked(attempt());
    } catch (error) {
      if (!mayHaveRunOut(error)) throw error;
    }
    const mine = last.then(async () => alone(attempt));
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
