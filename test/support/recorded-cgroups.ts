// Writes recorded cgroup files of a kernel to a temporary folder of the test.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CgroupPaths } from '#forebay/shared/machine/cgroup.js';
import { testFolder } from './lanes.ts';

/** `self` is the text of /proc/self/cgroup. `files` are below the mount. */
export function recordedCgroups(self: string, files: Readonly<Record<string, string>>): CgroupPaths {
  const root = testFolder();
  writeFileSync(join(root, 'self'), self);
  const mount = join(root, 'mount');
  mkdirSync(mount);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(mount, name)), { recursive: true });
    writeFileSync(join(mount, name), text);
  }
  return { self: join(root, 'self'), mount };
}
