/** Locks a data folder, because only one running Redis may append to its files. */
import { renameSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { ForebayError } from '../../shared/errors.ts';
import { createLock, holder, isAlive, readLock, writeDraft, type Holders } from './lock-file.ts';
import { movedLock, removeStale } from './moved-lock.ts';

export interface DataLock {
  /** Adds the process of shepherd.sh as a second holder, and the socket of its Redis. */
  shareWith(pid: number, socket?: string): void;
  release(): void;
}

/** How long the Redis of a killed owner may take to flush and stop. */
const LINGER_MS = 10_000;

/** Throws ForebayError `data_in_use`, which names the process that holds the folder. */
export async function lockData(folder: string): Promise<DataLock> {
  const path = join(folder, 'lock');
  const mine: Holders = { owner: holder(process.pid) };
  const deadline = Date.now() + LINGER_MS;
  for (;;) {
    const created = createLock(path, mine);
    const other = created ? movedLock(path, mine) : readLock(path);
    if (created && other === null) break;
    if (created) rmSync(path, { force: true });
    if (other && isAlive(other.owner)) throw inUse(folder, other.owner.pid);
    if (other?.shepherd && isAlive(other.shepherd)) {
      if (Date.now() > deadline) throw inUse(folder, other.shepherd.pid);
      await delay(20);
    } else if (!created) {
      await removeStale(path, other, deadline);
    }
  }
  return {
    shareWith: (pid, socket) =>
      replace(path, { ...mine, shepherd: holder(pid), ...(socket !== undefined && { socket }) }),
    release: () => rmSync(path, { force: true }),
  };
}

/** The socket of the Redis that a live process runs on the folder. Null if there is none. */
export function socketOfHolder(folder: string): string | null {
  const found = readLock(join(folder, 'lock'));
  return found && isAlive(found.owner) ? (found.socket ?? null) : null;
}

function replace(path: string, holders: Holders): void {
  renameSync(writeDraft(path, holders), path);
}

function inUse(folder: string, pid: number): ForebayError {
  return new ForebayError(
    'data_in_use',
    `The data in ${folder} is in use by process ${pid}. Stop that process first, or choose another data folder.`,
  );
}
