/**
 * Removes a stale lock file. It is moved aside first, because only one of several processes can move a given file. A
 * process that is too slow may move a newer lock. It then puts that lock back. Meanwhile the moved file still locks the
 * folder.
 */
import { linkSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, readLock, type Holders } from './lock-file.ts';

const RETRY_MS = 10;

/** `stale`: the content of the lock to remove. Stops trying to put a newer lock back at `deadline`, ms since the epoch. */
export async function removeStale(path: string, stale: Holders | null, deadline: number): Promise<void> {
  const aside = `${path}.stale.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = readLock(aside);
  if (moved && !same(moved, stale)) return putBack(aside, path, deadline);
  rmSync(aside, { force: true });
}

/**
 * Gives the moved lock its name back. If another process has locked the folder meanwhile, that process finds the moved
 * lock and gives way. If it has not done so by `deadline`, the moved file stays, because its holder still uses the
 * folder.
 */
export async function putBack(aside: string, path: string, deadline: number): Promise<void> {
  const moved = readLock(aside);
  while (moved && !linkBack(aside, path)) {
    const now = readLock(path);
    // The holder has rewritten its own lock.
    if (now?.owner.pid === moved.owner.pid && now.owner.started === moved.owner.started) break;
    if (Date.now() > deadline) return;
    await delay(RETRY_MS);
  }
  rmSync(aside, { force: true });
}

function same(one: Holders | null, other: Holders | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** False if another lock has the name. */
function linkBack(aside: string, path: string): boolean {
  try {
    linkSync(aside, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // Another process removed the moved file, because its holder is dead.
    if (code === 'ENOENT') return true;
    throw error;
  }
}

/**
 * Finds a moved lock that a live process holds. Null if there is none. Ignores `mine`, which is about to be put back.
 * Removes moved locks of dead processes.
 */
export function movedLock(path: string, mine: Holders): Holders | null {
  const folder = dirname(path);
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(`${basename(path)}.stale.`)) continue;
    const aside = join(folder, name);
    const moved = readLock(aside);
    if (same(moved, mine)) continue;
    if (moved && [moved.owner, moved.shepherd].some((one) => one && isAlive(one))) return moved;
    rmSync(aside, { force: true });
  }
  return null;
}
