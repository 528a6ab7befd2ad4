/** Measures how late the main thread's event loop runs. That thread renews locks, so it must never wait for a model (INV-9). */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Each check wakes the process and takes CPU from a lane, so checks must be rare. */
const RESOLUTION_MS = 50;

/** `p99`: the 99th percentile of the lag since the last call, in milliseconds, without the timer's own resolution. */
export function watchLag(): { p99(): number } {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return {
    p99() {
      const ms = histogram.percentile(99) / 1e6;
      histogram.reset();
      return Math.max(0, Number((ms - RESOLUTION_MS).toFixed(1)));
    },
  };
}
