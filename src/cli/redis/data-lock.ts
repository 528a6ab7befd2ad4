/**
 * Locks a data folder, because only one running Redis may append to its files. A holder is identified by process id and
 * start time, because another process may get the same id later.
 */
import { execFileSync } from 'node:child_process';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { ForebayError } from '../../shared/errors.ts';

interface Holder {
  readonly pid: number;
  /** When that process started, as the system reports it. Null if the system does not report it. */
  readonly started: string | null;
}

interface Holders {
  readonly owner: Holder;
  /** The shepherd of Redis. It outlives a killed owner while Redis flushes its file. */
  readonly shepherd?: Holder;
  /** The socket that the owner's Redis listens on. */
  readonly socket?: string;
}

export interface DataLock {
  /** Adds the shepherd as a second holder, and the socket of its Redis. */
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
  while (!create(path, mine)) {
    const found = read(path);
    if (found && isAlive(found.owner)) throw inUse(folder, found.owner.pid);
    if (found?.shepherd && isAlive(found.shepherd)) {
      if (Date.now() > deadline) throw inUse(folder, found.shepherd.pid);
      await delay(20);
    } else {
      removeStale(path, found);
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
  const found = read(join(folder, 'lock'));
  return found && isAlive(found.owner) ? (found.socket ?? null) : null;
}

function create(path: string, holders: Holders): boolean {
  const draft = write(path, holders);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}

function replace(path: string, holders: Holders): void {
  renameSync(write(path, holders), path);
}

function write(path: string, holders: Holders): string {
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, JSON.stringify(holders));
  return draft;
}

/** Only one of several processes can move a given file away. If it moved a newer lock, it puts that lock back. */
function removeStale(path: string, stale: Holders | null): void {
  const aside = `${path}.stale.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = read(aside);
  if (moved && JSON.stringify(moved) !== JSON.stringify(stale)) linkSync(aside, path);
  rmSync(aside);
}

/** The holders, or null if the file is gone or a crash of the machine truncated it. */
function read(path: string): Holders | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holders;
  } catch {
    return null;
  }
}

function holder(pid: number): Holder {
  return { pid, started: startOf(pid) };
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return started !== null && startOf(pid) === started;
}

/** On Linux the boot id and the start tick (field 22 of proc(5) stat), elsewhere the output of ps. Null if unknown. */
function startOf(pid: number): string | null {
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    }
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // starts at the third field, the state
    // A zombie runs nothing. Its parent may never reap it, for example Node as PID 1 of a container.
    return fields[0] === 'Z' ? null : `${boot}/${fields[19] ?? ''}`;
  } catch {
    return null;
  }
}

function inUse(folder: string, pid: number): ForebayError {
  return new ForebayError(
    'data_in_use',
    `The data in ${folder} is in use by process ${pid}. Stop that process first, or choose another data folder.`,
  );
}
