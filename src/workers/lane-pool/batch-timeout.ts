/**
 * Bounds how long a lane may work on one batch. A lane works on one batch at a time, so the time of a batch counts from
 * the end of the previous one. An online batch goes ahead of others, so the longest timeout of the lane's batches
 * applies.
 */

export interface BatchTimeout {
  /** Call when a batch goes to the lane. Returns a function to call when the batch has ended. */
  start(timeoutMs: number): () => void;
}

/** Calls `onTimeout` once for a batch that the lane has worked on for too long. */
export function createBatchTimeout(onTimeout: () => void): BatchTimeout {
  const batches: { readonly timeoutMs: number }[] = [];
  let timer: NodeJS.Timeout | null = null;

  function restart(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (batches.length === 0) return;
    const longest = Math.max(...batches.map(({ timeoutMs }) => timeoutMs));
    timer = setTimeout(onTimeout, longest);
  }

  return {
    start(timeoutMs) {
      const batch = { timeoutMs };
      batches.push(batch);
      if (batches.length === 1) restart();
      return () => {
        batches.splice(batches.indexOf(batch), 1);
        restart();
      };
    },
  };
}
