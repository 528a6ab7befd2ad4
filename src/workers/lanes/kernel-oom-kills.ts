/** How often the kernel has killed a process of this container for its memory limit: cgroup v2, then v1. */
import { readFileSync } from 'node:fs';

const FILES = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control'];

/** 0 where the system does not tell. */
export function kernelOomKills(): number {
  for (const file of FILES) {
    try {
      return Number(/^oom_kill (\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 0);
    } catch {
      // Another version of cgroups, or none.
    }
  }
  return 0;
}
