/** The CPUs and the memory that this process may use within its cgroup's limits, and whether there is a GPU. */
import { availableParallelism, totalmem } from 'node:os';
import { findCgroupMemory } from '../../shared/machine/cgroup-memory.ts';
import { hasGpu } from '../../shared/machine/has-gpu.ts';
import { cpuQuota } from '../../shared/machine/cpu-quota.ts';

export interface Resources {
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Absent: none. */
  readonly hasGpu?: boolean;
  /** The limit on the memory of all models in all lanes together. Absent: no limit. */
  readonly modelsBytes?: number | undefined;
}

/** Reads the CPU quota itself, because Node's availableParallelism() ignores it before Node 22.16. */
export function readResources(): Resources {
  const limit = findCgroupMemory()?.limitBytes;
  return {
    cpus: Math.max(1, Math.floor(Math.min(availableParallelism(), cpuQuota()))),
    memoryBytes: Math.min(totalmem(), limit ?? Number.POSITIVE_INFINITY),
    hasGpu: hasGpu(),
  };
}
