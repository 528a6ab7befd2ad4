// A memory cgroup for one test. The kernel enforces its limit. The test starts children in the group and removes it.
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { findCgroup } from '#forebay/shared/machine/cgroup.js';
import { waitUntil } from './wait-until.ts';

const PREFIX = 'forebay-test-';
const V1 = {
  limit: 'memory.limit_in_bytes',
  swap: 'memory.memsw.limit_in_bytes',
  kills: 'memory.oom_control',
};
const V2 = { limit: 'memory.max', swap: 'memory.swap.max', kills: 'memory.events' };

const { version, folders } = findCgroup('memory');
const files = version === 1 ? V1 : V2;
const parent = folders.find(canHoldGroups);

/** Null if a test can make cgroups here, otherwise the reason for skipping it. */
export const noCgroups: string | null =
  parent === undefined
    ? 'skipped: cannot make a memory cgroup here (needs root and a writable /sys/fs/cgroup)'
    : null;

/** In v2, a group can have a limit only if its parent delegates the controller. */
function canHoldGroups(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    if (version === 1) accessSync(join(folder, files.limit), constants.W_OK);
    else if (!/\bmemory\b/.test(readFileSync(join(folder, 'cgroup.subtree_control'), 'utf8'))) return false;
    const probe = join(folder, `${PREFIX}${process.pid}-probe`);
    mkdirSync(probe);
    rmdirSync(probe);
    return true;
  } catch {
    return false;
  }
}

export type LimitedCgroup = ReturnType<typeof makeLimitedCgroup>;

export function makeLimitedCgroup(limitBytes: number) {
  removeLeftovers(parent!);
  const folder = join(parent!, `${PREFIX}${randomBytes(4).toString('hex')}`);
  mkdirSync(folder);
  writeFileSync(join(folder, files.limit), String(limitBytes));
  // Without this limit, a machine with swap would swap instead of killing.
  const swap = join(folder, files.swap);
  if (existsSync(swap)) writeFileSync(swap, version === 1 ? String(limitBytes) : '0');
  const pids = () =>
    readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);

  return {
    /** Options for fork. The child joins the group before its program begins, so all its memory counts. */
    fork: {
      execPath: '/bin/sh',
      execArgv: ['-c', `echo $$ > '${join(folder, 'cgroup.procs')}' && exec '${process.execPath}' "$0" "$@"`],
    },
    pids,
    /** How many processes the kernel has killed because of the limit. */
    kills: () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(folder, files.kills), 'utf8'))![1]),
    /** Kills the processes that are left, then removes the group. */
    async remove() {
      await waitUntil('the cgroup to be empty', () => {
        for (const pid of pids()) kill(pid);
        return pids().length === 0;
      });
      rmdirSync(folder);
    },
  };
}

/** Removes groups that killed tests left behind. A group that still has processes stays. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith(PREFIX))) {
    try {
      rmdirSync(join(folder, name));
    } catch {
      // The group belongs to a test that runs now.
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process has ended already.
  }
}
