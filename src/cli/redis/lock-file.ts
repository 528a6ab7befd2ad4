/**
 * Lock files of a data folder. A holder is identified by process id and start time, because another process may get the
 * same id later.
 */
import { execFileSync } from 'node:child_process';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

export interface Holder {
  readonly pid: number;
  /** When that process started, as the system reports it. Null if the system does not report it. */
  readonly started: string | null;
}

export interface Holders {
  readonly owner: Holder;
  /** The process of shepherd.sh. It outlives a killed owner while Redis flushes its file. */
  readonly shepherd?: Holder;
  /** The socket that the owner's Redis listens on. */
  readonly socket?: string;
}

/** Creates the file with its content in one step. False if it exists. */
export function createLock(path: string, holders: Holders): boolean {
  const draft = writeDraft(path, holders);
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

/** Writes the content to a new file beside `path`, and returns the path of that file. */
export function writeDraft(path: string, holders: Holders): string {
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, JSON.stringify(holders));
  return draft;
}

/** The holders, or null if the file is gone or a crash of the machine truncated it. */
export function readLock(path: string): Holders | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holders;
  } catch {
    return null;
  }
}

export function holder(pid: number): Holder {
  return { pid, started: startOf(pid) };
}

export function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return started !== null && startOf(pid) === started;
}

/** When a process started: boot id and start tick (field 22 of proc(5) stat), or the output of ps. Null if unknown. */
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
