/** Waits for work, but only until a tuning is stopped. A measurement in progress is not worth waiting for. */

export async function unlessStopped<T>(stop: AbortSignal, work: Promise<T>): Promise<T> {
  // After the stop, nobody else handles an error of the work.
  work.catch(() => undefined);
  stop.throwIfAborted();
  let ask: (() => void) | undefined;
  const stopped = new Promise<never>((_, reject) => {
    ask = () => reject(stop.reason as Error);
    stop.addEventListener('abort', ask, { once: true });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    if (ask) stop.removeEventListener('abort', ask);
  }
}
