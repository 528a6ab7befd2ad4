/** Bounds how many calls run at once. Waiters start in order. */

export type Semaphore = ReturnType<typeof createSemaphore>;

export function createSemaphore(permits: number) {
  let free = permits;
  const waiting: (() => void)[] = [];
  async function enter(): Promise<void> {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function leave(): void {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  }

  return {
    async use<T>(work: () => Promise<T>): Promise<T> {
      await enter();
      try {
        return await work();
      } finally {
        leave();
      }
    },
    /** For work that ends elsewhere. Call the result once at its end. */
    async hold(): Promise<() => void> {
      await enter();
      return leave;
    },
  };
}
