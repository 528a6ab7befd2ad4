/** Bounds how many calls run at once. Waiters start in order. */

export type Semaphore = ReturnType<typeof createSemaphore>;

export function createSemaphore(permits: number) {
  let free = permits;
  const waiting: (() => void)[] = [];
  return {
    async use<T>(work: () => Promise<T>): Promise<T> {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      }
    },
  };
}
