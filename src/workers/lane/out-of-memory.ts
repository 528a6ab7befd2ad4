/** What running out of memory looks like, and what to do about it while others may be giving theirs back. */
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

/** An attempt that runs out of memory meets others at first, then none that had begun before it. */
const ATTEMPTS = 3;

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

  async function alone<T>(attempt: () => Promise<T>): Promise<T> {
    for (let tried = 2; ; tried++) {
      await Promise.allSettled(underWay);
      try {
        return await attempt();
      } catch (error) {
        if (tried === ATTEMPTS || !mayHaveRunOut(error)) throw error;
      }
    }
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
