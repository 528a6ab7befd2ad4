/**
 * Measures the CPU time of the lane's helpers: all its threads except its own one. They decode, or share the work of
 * the model call, while the lane's own thread is inside the model.
 */
import { openSync, readSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

export interface HelperThreads {
  /** The returned function returns the milliseconds of CPU time that the helpers have used since the start. */
  start(): () => number;
}

/**
 * The helpers' time is the process's time minus that of the calling thread. `threadMs`: CPU time of the calling thread
 * so far. If it is null, the thread counts as always busy, so the helpers seem to use less than they do.
 */
export function createHelperThreads(threadMs: (() => number) | null = threadClock()): HelperThreads {
  const mine = threadMs ?? (() => performance.now());
  const others = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000 - mine();
  };
  return {
    start() {
      const before = others();
      return () => Math.max(0, others() - before);
    },
  };
}

/**
 * Node 24 has a function for this. Linux has a file, which counts nanoseconds but always contains 0 in some sandboxes.
 */
function threadClock(): (() => number) | null {
  const { threadCpuUsage } = process as unknown as {
    threadCpuUsage?: () => { user: number; system: number };
  };
  if (threadCpuUsage !== undefined) {
    return () => {
      const { user, system } = threadCpuUsage.call(process);
      return (user + system) / 1000;
    };
  }
  try {
    const file = openSync('/proc/thread-self/schedstat', 'r');
    const text = Buffer.alloc(64);
    const read = () => {
      const length = readSync(file, text, 0, text.length, 0);
      return Number.parseInt(text.toString('latin1', 0, length), 10) / 1e6;
    };
    return read() > 0 ? read : null;
  } catch {
    return null;
  }
}
