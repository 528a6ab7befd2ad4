/**
 * Where the kernel tells of this process's cgroups, v2 or v1: the folders of a controller's files, and their text. Knows
 * nothing of what the files say.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isInside } from '../files/is-inside.ts';

/** Where the kernel tells; other paths in tests. */
export interface CgroupPaths {
  /** This process's cgroups, a line a hierarchy. */
  readonly self: string;
  /** Where cgroups are mounted. */
  readonly mount: string;
}

export interface Cgroup {
  readonly version: 1 | 2;
  /** From the process's own cgroup to the top of what is mounted; the limits of all of them hold. */
  readonly folders: readonly string[];
}

const PATHS: CgroupPaths = { self: '/proc/self/cgroup', mount: '/sys/fs/cgroup' };

/** The version that has the controller here, and this process's path in it (`/` where it is not told). */
export function findCgroup(controller: 'memory' | 'cpu', { self, mount }: CgroupPaths = PATHS): Cgroup {
  const lines = (readText(self) ?? '').split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
  const v1 = lines.find((line) => line?.[1]!.split(',').includes(controller));
  if (v1) return { version: 1, folders: upwards(join(mount, controller), v1[2]!) };
  return { version: 2, folders: upwards(mount, lines.find((line) => line?.[1] === '')?.[2] ?? '/') };
}

/**
 * In a container the path may be the host's, the mount the container's own: then the folders below do not exist, and
 * the top is the one.
 */
function upwards(top: string, path: string): string[] {
  const folders: string[] = [];
  for (let folder = join(top, path); folder !== top && isInside(top, folder); folder = join(folder, '..')) {
    folders.push(folder);
  }
  return [...folders, top];
}

/** Null where there is no such file. */
export function readText(file: string): string | null {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return null;
  }
}
