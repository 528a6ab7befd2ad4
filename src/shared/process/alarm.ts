/** A latch for loops that messages wake and that also sweep at intervals. A ring during work is not lost. */

export interface Alarm {
  /** Ends the current or the next wait immediately. */
  ring(): void;
  /** Resolves on a ring, on the abort, or after `ms`. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export function createAlarm(): Alarm {
  let rung = false;
  let wakeUp: (() => void) | null = null;
  return {
    ring() {
      rung = true;
      wakeUp?.();
    },
    async wait(ms, signal) {
      if (!rung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const done = () => {
            clearTimeout(timer);
            signal.removeEventListener('abort', done);
            wakeUp = null;
            resolve();
          };
          const timer = setTimeout(done, ms);
          signal.addEventListener('abort', done);
          wakeUp = done;
        });
      }
      rung = false;
    },
  };
}
