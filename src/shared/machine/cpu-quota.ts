/** How many CPUs' worth of time this process's cgroup allows, for cgroup v2 and v1. */
import { join } from 'node:path';
import { findCgroup, readText, type CgroupPaths } from './cgroup.ts';

/** The smallest quota of the process's cgroup and of all cgroups above it. Infinity if none is set. */
export function cpuQuota(paths?: CgroupPaths): number {
  const { version, folders } = findCgroup('cpu', paths);
  return Math.min(...folders.map(version === 1 ? quotaV1 : quotaV2));
}

function quotaV2(folder: string): number {
  const [quota, period] = readText(join(folder, 'cpu.max'))?.split(/\s+/) ?? ['max'];
  return quota === 'max' ? Infinity : Number(quota) / Number(period);
}

function quotaV1(folder: string): number {
  const quota = Number(readText(join(folder, 'cpu.cfs_quota_us')) ?? -1);
  return quota > 0 ? quota / Number(readText(join(folder, 'cpu.cfs_period_us')) ?? 100_000) : Infinity;
}
