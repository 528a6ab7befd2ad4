/**
 * Private folders of single runs. A run removes its own folder. The next start removes the folders of killed runs. The
 * name contains the owner's process id, and its PID namespace because containers may share a temporary folder.
 */
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeInto } from '../../shared/files/folder-trouble.ts';
import { openBodyFolder } from '../../shared/queue/online/body-folder.ts';

const PREFIX = 'forebay-run-';

/**
 * Makes a folder below `base` (the system's temporary folder), readable by this user only.
 * @throws ForebayError `storage_unavailable` if `base` is full or cannot be written.
 */
export function makeRunFolder(base: string): string {
  return writeInto({ path: base, kind: 'temporary', setting: 'TMPDIR' }, () =>
    mkdtempSync(join(base, `${PREFIX}${namespace()}-${process.pid}-`)),
  );
}

/** Linux keeps the files of this folder in memory. */
const MEMORY = '/dev/shm';

/** A folder in memory for the bodies of one service. Null if the system has none, or no room in it. */
export function makeMemoryFolder(base = MEMORY): string | null {
  let folder: string | null = null;
  try {
    removeAbandonedRunFolders(base);
    folder = makeRunFolder(base);
    // Writes its id. Without room for it, the API and workers would not start.
    openBodyFolder(folder);
    return folder;
  } catch {
    if (folder !== null) removeRunFolder(folder);
    return null;
  }
}

export function removeRunFolder(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** Best effort: folders of other users and of runs in other containers remain. */
export function removeAbandonedRunFolders(base: string): void {
  const mine = new RegExp(`^${PREFIX}${namespace()}-(\\d+)-`);
  for (const name of listed(base)) {
    const pid = mine.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    try {
      removeRunFolder(join(base, name));
    } catch {
      // The folder belongs to another user.
    }
  }
}

function namespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function listed(base: string): string[] {
  try {
    return readdirSync(base);
  } catch {
    return [];
  }
}
