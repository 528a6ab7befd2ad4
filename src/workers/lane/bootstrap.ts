/** Sets up a lane's process before any library is loaded. */
import { writeFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import { collectInOneGo } from '../../shared/process/garbage-collection.ts';

export function bootstrapLane(): void {
  collectInOneGo();
  // Since 1.29, onnxruntime sends telemetry unless this is set before the library is loaded.
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  // onnxruntime-node 1.30 fails on Float16Array (Node >= 23). Without that class it uses Uint16Array.
  Reflect.deleteProperty(globalThis, 'Float16Array');
  lowerPriority();
  offerToKernel();
  // Ctrl-C reaches the whole process group, but the parent decides when a lane ends.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
}

/** Lanes saturate the cores, but the parent must still get its turn. Threads that start later inherit the priority. */
function lowerPriority(): void {
  const nice = Math.min(getPriority() + constants.priority.PRIORITY_BELOW_NORMAL, LOWEST);
  try {
    setPriority(nice);
  } catch {
    // Some sandboxes forbid it. The lane works without it.
  }
}

const LOWEST = 19;

/** If memory runs out, the kernel should kill a lane, which fails one row, rather than the worker. */
function offerToKernel(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', OFFERED);
  } catch {
    // Not Linux, or not permitted.
  }
}

/** From -1000 (never killed) to 1000 (killed first). */
const OFFERED = '500';
