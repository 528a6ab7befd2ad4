/** How late the main thread's event loop runs: it renews locks and must never wait for a model (INV-9). */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Each look wakes the process and takes a core from a lane: every 5 ms cost 15 ms of CPU a second, idle or not. */
const RESOLUTION_MS = 50;

/** `p99`: since the last call, ms; the timer's own resolution is taken off. */
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
