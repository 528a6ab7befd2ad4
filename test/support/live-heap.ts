import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** The live heap in bytes, after a garbage collection. */
export function heapNow(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
