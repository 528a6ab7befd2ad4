/** How often the kernel has killed a process of this cgroup for its memory limit: cgroup v2, then v1. */
import { join } from 'node:path';
import { findCgroup, readText, type CgroupPaths } from '../../shared/machine/cgroup.ts';

const FILES = { 1: 'memory.oom_control', 2: 'memory.events' } as const;

/**
 * v1 counts a kill in the cgroup of the killed alone, v2 in those above, too: so the innermost that tells is asked.
 * 0 where the system does not tell.
 */
export function kernelOomKills(paths?: CgroupPaths): number {
  const { version, folders } = findCgroup('memory', paths);
  for (const folder of folders) {
    const text = readText(join(folder, FILES[version]));
    if (text !== null) return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
  }
  return 0;
}
