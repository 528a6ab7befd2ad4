/** Explains why the service cannot write to one of its folders: it is full, not writable or missing. */
import { statfsSync } from 'node:fs';
import { ForebayError, messageOf } from '../errors.ts';

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOSPC: 'is full: free space there',
  EDQUOT: "is full for this user's quota: free space there",
  EROFS: 'is on a read-only disk: make it writable',
  EACCES: 'is not writable for this user: change its permissions',
  EPERM: 'is not writable for this user: change its permissions',
  ENOENT: 'does not exist: create it',
  ENOTDIR: 'is not a folder: create one there',
  ENAMETOOLONG: 'has too long a name: shorten it',
};
/** A disk with less free space counts as full. */
const ROOM_BYTES = 64 * 1024;

export interface OwnFolder {
  readonly path: string;
  /** For messages, such as `temporary` or `data`. */
  readonly kind: string;
  /** The setting that chooses another folder. */
  readonly setting: string;
}

/** Runs `write`. If the folder is the problem, throws ForebayError `storage_unavailable`, which names the fix. */
export function writeInto<T>(folder: OwnFolder, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw folderError(folder, (error as NodeJS.ErrnoException).code, error) ?? error;
  }
}

/** Null if there is space, or if the system does not report it. */
export function fullError(folder: OwnFolder): ForebayError | null {
  try {
    const { bavail, bsize } = statfsSync(folder.path);
    return bavail * bsize < ROOM_BYTES ? folderError(folder, 'ENOSPC') : null;
  } catch {
    return null;
  }
}

function folderError(
  { path, kind, setting }: OwnFolder,
  code: string | undefined,
  cause?: unknown,
): ForebayError | null {
  const problem = PROBLEMS[code ?? ''];
  if (problem === undefined) return null;
  const detail = cause === undefined ? code : messageOf(cause);
  return new ForebayError(
    'storage_unavailable',
    `The ${kind} folder ${path} ${problem}, or choose another with ${setting} (${detail}).`,
    { cause },
  );
}
