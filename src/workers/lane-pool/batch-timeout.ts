/**
 * Bounds how long a lane may work on one batch. A lane takes its batches in order, so the time of a batch counts from
 * the end of the previous one.
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
    const [first] = batches;
    timer = first === undefined ? null : setTimeout(onTimeout, first.timeoutMs);
  }

  return {
    start(timeoutMs) {
      const batch = { timeoutMs };
      batches.push(batch);
      if (batches.length === 1) restart();
      return () => {
        const at = batches.indexOf(batch);
        batches.splice(at, 1);
        if (at === 0) restart();
      };
    },
  };
}
