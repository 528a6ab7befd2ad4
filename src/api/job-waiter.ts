/** Waits for news of one job: by wake-up and, since those may be lost, by a sweep now and then. */
import type { Wake } from '../shared/queue/wake.ts';

export interface JobWaiter {
  /** Until there may be news since the last call's end, at most `ms`; at once when the signal is aborted. */
  wait(ms: number): Promise<void>;
  /** Stops listening. */
  close(): void;
}

export function createJobWaiter(wake: Pick<Wake, 'on'>, job: string, signal: AbortSignal): JobWaiter {
  // News that came while nobody waited, so that none falls between a look and the wait after it.
  let news = false;
  let wakeUp: (() => void) | null = null;
  const ring = () => {
    news = true;
    wakeUp?.();
  };
  const off = wake.on('job', (name) => {
    if (name === job) ring();
  });
  signal.addEventListener('abort', ring, { once: true });

  return {
    async wait(ms) {
      if (!news && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wakeUp = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wakeUp = null;
      }
      news = false;
    },
    close() {
      off();
      signal.removeEventListener('abort', ring);
      wakeUp?.();
    },
  };
}
