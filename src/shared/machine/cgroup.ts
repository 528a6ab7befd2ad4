/** Finds the folders with the files of this process's cgroups, v2 or v1, and reads these files. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isInside } from '../files/is-inside.ts';

/** The kernel's paths. Tests use others. */
export interface CgroupPaths {
  /** Lists this process's cgroups, one line per hierarchy. */
  readonly self: string;
  /** Where the cgroups are mounted. */
  readonly mount: string;
}

export interface Cgroup {
  readonly version: 1 | 2;
  /** From the process's own cgroup up to the top of the mount. All their limits apply. */
  readonly folders: readonly string[];
}

const PATHS: CgroupPaths = { self: '/proc/self/cgroup', mount: '/sys/fs/cgroup' };

/** Finds the version that has the controller, and this process's path in it (`/` if the kernel does not report it). */
export function findCgroup(controller: 'memory' | 'cpu', { self, mount }: CgroupPaths = PATHS): Cgroup {
  const lines = (readText(self) ?? '').split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
  const v1 = lines.find((line) => line?.[1]!.split(',').includes(controller));
  if (v1) return { version: 1, folders: upwards(join(mount, controller), v1[2]!) };
  return { version: 2, folders: upwards(mount, lines.find((line) => line?.[1] === '')?.[2] ?? '/') };
}

/** In a container, the path may be the host's and the mount the container's. Then only the top folder exists. */
function upwards(top: string, path: string): string[] {
  const folders: string[] = [];
  for (let folder = join(top, path); folder !== top && isInside(top, folder); folder = join(folder, '..')) {
    folders.push(folder);
  }
  return [...folders, top];
}

/** Null if there is no such file. */
export function readText(file: string): string | null {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return null;
  }
}
