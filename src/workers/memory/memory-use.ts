/**
 * Compares a worker's memory with its limits: its processes with the worker's setting, and its whole container with the
 * container's limit. The nearer limit counts.
 */
import { residentBytes } from './process-memory.ts';
import type { CgroupMemory } from '../../shared/machine/cgroup-memory.ts';

export interface MemoryUse {
  readonly bytes: number;
  readonly limitBytes: number;
}

/** `pids`: the worker's processes. Null if the system reports no memory use. */
export type ReadMemoryUse = (pids: readonly number[]) => MemoryUse | null;

export function createMemoryUse(deps: {
  /** For all processes of the worker together. */
  readonly limitBytes: number;
  /** Null: no cgroup limits this process. */
  readonly cgroup: CgroupMemory | null;
  readonly resident?: (pids: readonly number[]) => number | null;
}): ReadMemoryUse {
  const { limitBytes, cgroup, resident = residentBytes } = deps;
  return (pids) => {
    const own = resident(pids);
    const all = cgroup?.usedBytes() ?? null;
    const uses: MemoryUse[] = [];
    if (own !== null) uses.push({ bytes: own, limitBytes });
    if (cgroup && all !== null) uses.push({ bytes: all, limitBytes: cgroup.limitBytes });
    return uses.toSorted((a, b) => b.bytes / b.limitBytes - a.bytes / a.limitBytes)[0] ?? null;
  };
}
