/** How often the kernel has killed a process of this cgroup because of the memory limit. Supports cgroup v1 and v2. */
import { join } from 'node:path';
import { findCgroup, readText, type CgroupPaths } from '../../shared/machine/cgroup.ts';

const FILES = { 1: 'memory.oom_control', 2: 'memory.events' } as const;

/**
 * Reads the innermost cgroup that has the counter. v1 counts a kill only in the cgroup of the killed process, v2 also
 * in its parents. Returns 0 if the system does not report it.
 */
export function kernelOomKills(paths?: CgroupPaths): number {
  const { version, folders } = findCgroup('memory', paths);
  for (const folder of folders) {
    const text = readText(join(folder, FILES[version]));
    if (text !== null) return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
  }
  return 0;
}
