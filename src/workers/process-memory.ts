/** Resident memory of processes, as Linux tells it. */
import { readFileSync } from 'node:fs';

/**
 * Sum over the processes, bytes; null where there is no /proc. Pages that they share (program files, not weights) count
 * once for each; a process that has just ended counts nothing.
 */
export function residentBytes(pids: readonly number[]): number | null {
  let sum = 0;
  let found = false;
  for (const pid of new Set(pids)) {
    try {
      const kb = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      if (kb === undefined) continue;
      sum += Number(kb) * 1024;
      found = true;
    } catch {
      continue;
    }
  }
  return found ? sum : null;
}
