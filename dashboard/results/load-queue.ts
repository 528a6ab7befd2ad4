/** Loads a few things at once. The others wait, and leave the queue when their signal is aborted. */

export interface LoadQueue {
  /** The result of `work`, which starts when fewer than `most` others run. Rejects if `signal` is aborted first. */
  add<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function createLoadQueue(most: number): LoadQueue {
  const waiting = new Set<() => void>();
  let running = 0;

  function next(): void {
    for (const start of waiting) {
      if (running >= most) return;
      waiting.delete(start);
      start();
    }
  }

  async function run<T>(work: () => Promise<T>): Promise<T> {
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      next();
    }
  }

  return {
    add: async (work, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const leave = () => {
          waiting.delete(start);
          reject(signal.reason as Error);
        };
        const start = () => {
          signal.removeEventListener('abort', leave);
          resolve(run(work));
        };
        signal.addEventListener('abort', leave, { once: true });
        waiting.add(start);
        next();
      }),
  };
}
