/** How long an event loop may stand still, where what else the machine does is taken into account. */
import { availableParallelism, loadavg } from 'node:os';

const PROMISED_MS = 100;

/** A process that shares a core with others waits for them, too, however short its own work is. */
export function stallLimitMs(): number {
  return PROMISED_MS * Math.max(1, (2 * loadavg()[0]!) / availableParallelism());
}
