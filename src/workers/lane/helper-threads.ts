/**
 * CPU time of a process's other threads than the calling one: decode threads work while the lane's own thread is
 * inside the model. What the calling thread itself used is not to be had everywhere.
 */
import { openSync, readSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

export interface HelperThreads {
  /** The returned function gives the milliseconds of CPU that they have used since. */
  start(): () => number;
}

/** `threadMs`: CPU of the calling thread so far; null: taken for always busy, which finds too little for the others. */
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

/** Node 24 has a call for it; Linux a file, in nanoseconds, which says 0 in some sandboxes. */
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
