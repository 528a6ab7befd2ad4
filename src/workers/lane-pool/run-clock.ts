/**
 * Bounds how long a lane may be at work on one batch. A lane takes its batches in order, so the clock of a batch
 * runs from when the one before it has ended.
 */

export interface RunClock {
  /** A batch goes to the lane. Returns what to call when it has ended. */
  start(timeoutMs: number): () => void;
}

/** `onTimeout`: once, for the batch that the lane is at work on. */
export function createRunClock(onTimeout: () => void): RunClock {
  const batches: { readonly timeoutMs: number }[] = [];
  let timer: NodeJS.Timeout | null = null;

  function wind(): void {
    if (timer !== null) clearTimeout(timer);
    const [first] = batches;
    timer = first === undefined ? null : setTimeout(onTimeout, first.timeoutMs);
  }

  return {
    start(timeoutMs) {
      const batch = { timeoutMs };
      batches.push(batch);
      if (batches.length === 1) wind();
      return () => {
        const at = batches.indexOf(batch);
        batches.splice(at, 1);
        if (at === 0) wind();
      };
    },
  };
}
