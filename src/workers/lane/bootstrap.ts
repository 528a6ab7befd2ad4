/** What must be true of a lane's process before any library is loaded. Called first, by main.ts. */
import { writeFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';

export function bootstrapLane(): void {
  // onnxruntime 1.29 and later sends telemetry unless told otherwise before it is loaded.
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  // onnxruntime-node 1.30 cannot take Float16Array (Node >= 23); without it, it falls back to Uint16Array.
  Reflect.deleteProperty(globalThis, 'Float16Array');
  lowerPriority();
  offerToKernel();
  // Ctrl-C reaches the whole process group; when a lane ends is its parent's decision.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
}

/** Threads started later inherit it: lanes saturate the cores, the parent must still get its turn. */
function lowerPriority(): void {
  const nice = Math.min(getPriority() + constants.priority.PRIORITY_BELOW_NORMAL, LOWEST);
  try {
    setPriority(nice);
  } catch {
    // Not permitted in some sandboxes: a matter of comfort only.
  }
}

const LOWEST = 19;

/** Where memory runs out all the same the kernel shall take a lane, which costs a row, not the worker. */
function offerToKernel(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', OFFERED);
  } catch {
    // Not Linux, or not permitted.
  }
}

/** Of -1000 (never) to 1000 (first). */
const OFFERED = '500';
