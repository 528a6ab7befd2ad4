/** What must be true of a lane's process before any library is loaded. Called first, by main.ts. */
import { constants, getPriority, setPriority } from 'node:os';

export function bootstrapLane(): void {
  // onnxruntime 1.29 and later sends telemetry unless told otherwise before it is loaded.
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  // onnxruntime-node 1.30 cannot take Float16Array (Node >= 23); without it, it falls back to Uint16Array.
  Reflect.deleteProperty(globalThis, 'Float16Array');
  lowerPriority();
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
