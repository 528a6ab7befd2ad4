/** Resident memory of processes, as Linux reports it. Each check costs one small read per process. */
import { readFileSync } from 'node:fs';

export interface ProcessMemory {
  /** Heaps, arenas and weights, in bytes. They are freed when the process ends. */
  readonly own: number;
  /** Mapped files and shared memory, in bytes. */
  readonly shared: number;
}

/** Null if there is no /proc, or the process has ended. */
export function processMemory(pid: number): ProcessMemory | null {
  try {
    const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ').map(Number);
    if (resident === undefined || shared === undefined) return null;
    const page = (pageBytes ??= readPageBytes());
    return { own: (resident - shared) * page, shared: shared * page };
  } catch {
    return null;
  }
}

/**
 * The sum over all processes, in bytes. Null if the system does not report it. Shared memory (program files) counts once,
 * as the largest share of any process.
 */
export function residentBytes(pids: readonly number[]): number | null {
  const found = [...new Set(pids)].flatMap((pid) => processMemory(pid) ?? []);
  if (found.length === 0) return null;
  return found.reduce((sum, { own }) => sum + own, 0) + Math.max(...found.map(({ shared }) => shared));
}

let pageBytes: number | undefined;
const PAGE_SIZE_ENTRY = 6n;
const USUAL_PAGE = 4096;

/** Reads the auxiliary vector that the kernel gives to each process: pairs of 64-bit numbers. */
function readPageBytes(): number {
  try {
    const auxv = readFileSync('/proc/self/auxv');
    for (let at = 0; at + 16 <= auxv.length; at += 16) {
      if (auxv.readBigUInt64LE(at) === PAGE_SIZE_ENTRY) return Number(auxv.readBigUInt64LE(at + 8));
    }
  } catch {
    // Some sandboxes do not allow reading it.
  }
  return USUAL_PAGE;
}
