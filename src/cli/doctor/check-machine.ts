/** Checks Node, CPU, memory and disk of this machine. Reads Linux files, so it reports less on other systems. */
import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { readText } from '../../shared/machine/cgroup.ts';
import { findCgroupMemory } from '../../shared/machine/cgroup-memory.ts';
import { cpuQuota } from '../../shared/machine/cpu-quota.ts';
import { formatBytes } from '../../shared/text/bytes.ts';
import type { Finding } from './finding.ts';
import { counted } from '../../shared/text/counted.ts';

/** The same version as `engines` of package.json. */
const OLDEST_NODE = [20, 19] as const;
const GB = 1024 ** 3;
/** A lane with a small model takes 0.2 to 0.3 GB. Node and Redis take another 0.3 GB. */
const LITTLE_MEMORY = 1 * GB;
const LITTLE_DISK = 1 * GB;

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const old = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  const finding = { what: 'Node', found: version };
  return old
    ? { ...finding, level: 'fail', advice: `Node ${OLDEST_NODE.join('.')} or newer is needed.` }
    : { ...finding, level: 'ok' };
}

/** `quota`: CPUs that the cgroup allows, or Infinity. `flags`: CPU features in /proc/cpuinfo, or null if unknown. */
export function checkCpu(facts: { cpus: number; quota: number; flags: ReadonlySet<string> | null }): Finding {
  const { quota, flags } = facts;
  const known = (['avx2', 'avx512f', 'avx512_vnni'] as const).filter((flag) => flags?.has(flag));
  const limit = quota < facts.cpus ? `, of which this cgroup may use ${quota}` : '';
  const features = flags === null ? '' : `; ${known.length === 0 ? 'no AVX2' : known.join(', ')}`;
  const finding = { what: 'CPU', found: `${counted(facts.cpus, 'core')}${limit}${features}` };
  if (flags !== null && known.length === 0 && process.arch === 'x64') {
    return { ...finding, level: 'note', advice: 'Without AVX2, models run several times slower.' };
  }
  return { ...finding, level: 'ok' };
}

export function readCpuFacts(): Parameters<typeof checkCpu>[0] {
  const flags = /^flags\s*:(.*)$/m.exec(readText('/proc/cpuinfo') ?? '')?.[1];
  return {
    cpus: availableParallelism(),
    quota: cpuQuota(),
    flags: flags === undefined ? null : new Set(flags.trim().split(/\s+/)),
  };
}

/** `total`: memory of the machine, in bytes. `limit`: the memory limit of the cgroup, in bytes, or null. */
export function checkMemory(total: number, limit: number | null): Finding {
  const usable = Math.min(total, limit ?? total);
  const found =
    usable < total
      ? `${formatBytes(usable)} (cgroup limit; the machine has ${formatBytes(total)})`
      : formatBytes(total);
  const finding = { what: 'memory', found };
  return usable < LITTLE_MEMORY
    ? { ...finding, level: 'note', advice: 'This is little memory. Choose --lanes 1 and small models.' }
    : { ...finding, level: 'ok' };
}

export function readMemoryFacts(): [total: number, limit: number | null] {
  return [totalmem(), findCgroupMemory()?.limitBytes ?? null];
}

/** Free space on the disk of the data folder, which may not exist yet. */
export async function checkDisk(dataDir: string): Promise<Finding> {
  const { bavail, bsize } = await statOfNearest(dataDir);
  const free = bavail * bsize;
  const finding = { what: 'disk', found: `${formatBytes(free)} free for ${dataDir}` };
  return free < LITTLE_DISK
    ? {
        ...finding,
        level: 'note',
        advice: 'This is little space for results and the data of Redis. Choose another --data.',
      }
    : { ...finding, level: 'ok' };
}

async function statOfNearest(path: string): Promise<{ bavail: number; bsize: number }> {
  try {
    return await statfs(path);
  } catch (error) {
    if (dirname(path) === path) throw error;
    return statOfNearest(dirname(path));
  }
}
