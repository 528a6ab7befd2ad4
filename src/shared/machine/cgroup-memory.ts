/**
 * The cgroup whose memory limit applies to this process. Reads its limit and the memory of all its processes, for
 * cgroup v2 and v1. The processes may include the API and other workers of the same container. Knows nothing of lanes.
 */
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { findCgroup, readText, type CgroupPaths } from './cgroup.ts';

export interface CgroupMemory {
  readonly limitBytes: number;
  /** Memory that the kernel cannot reclaim without killing or swapping. Null if the kernel does not report it. */
  usedBytes(): number | null;
}

interface Version {
  readonly limit: string;
  readonly usage: string;
  /** Fields of memory.stat that the usage includes, but that the kernel reclaims before it kills a process. */
  readonly reclaimable: readonly string[];
}

/**
 * The kernel evicts file pages before it kills a process. It evicts even pages on the active list, such as those of a
 * file that a job reads twice. So both lists count as reclaimable. (Kubernetes subtracts only the inactive list in
 * `working_set`.) Files on tmpfs are not part of these fields, because the kernel counts them as anonymous memory.
 */
const V2: Version = {
  limit: 'memory.max',
  usage: 'memory.current',
  reclaimable: ['inactive_file', 'active_file', 'slab_reclaimable'],
};
const V1: Version = {
  limit: 'memory.limit_in_bytes',
  usage: 'memory.usage_in_bytes',
  reclaimable: ['total_inactive_file', 'total_active_file'],
};

/** Null if there is no limit below the machine's memory. */
export function findCgroupMemory(
  paths?: CgroupPaths,
  machineBytes: number = totalmem(),
): CgroupMemory | null {
  const cgroup = findCgroup('memory', paths);
  const version = cgroup.version === 1 ? V1 : V2;
  let found: { folder: string; limitBytes: number } | null = null;
  for (const folder of cgroup.folders) {
    const limitBytes = limitOf(join(folder, version.limit));
    // If limits are equal, the outer cgroup wins, because it covers more processes.
    if (limitBytes < machineBytes && limitBytes <= (found?.limitBytes ?? Infinity)) {
      found = { folder, limitBytes };
    }
  }
  if (!found) return null;
  const { folder, limitBytes } = found;
  return { limitBytes, usedBytes: () => usedIn(folder, version) };
}

/** Infinity for "max", for v1's "no limit" (a number near 2^63), and if there is no such file. */
function limitOf(file: string): number {
  const text = readText(file)?.trim() ?? 'max';
  return text === 'max' || Number(text) > 2 ** 60 ? Infinity : Number(text);
}

function usedIn(folder: string, { usage, reclaimable }: Version): number | null {
  const used = Number(readText(join(folder, usage)) ?? Number.NaN);
  const stat = readText(join(folder, 'memory.stat'));
  if (!Number.isFinite(used) || stat === null) return null;
  const given = stat
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([name]) => reclaimable.includes(name!))
    .reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  // The two files are read at different moments, so the difference may be negative.
  return Math.max(0, used - given);
}
