/** Waits no longer than until a tuning is stopped: a measurement in progress is not worth waiting for. */

export async function unlessStopped<T>(stop: AbortSignal, work: Promise<T>): Promise<T> {
  // What comes after the stop, nobody reads.
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
