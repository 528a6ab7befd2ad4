/**
 * Opens a local row: a regular file within the size limit, at a real path that its tenant may read. It checks the file that
 * it has opened, so a link that changes meanwhile cannot lead to another file.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ForebayError, type ErrorCode } from '../errors.ts';
import type { FileStamp } from '../files/file-version.ts';
import { createInputRule, whyRefused, type InputVerdict } from '../files/input-folders.ts';
import type { FileLimits } from '../files/row-limits.ts';
import { existingForm, formHint } from '../text/unicode-form.ts';
import { checkRowSize } from './check-row-size.ts';
import { createOpenedFolder } from './opened-folder.ts';

/**
 * `allocate`: returns memory for at least so many bytes. Throws ForebayError `file_not_found`, `file_unreadable`,
 * `path_not_allowed`, `file_too_large` or `empty_file`.
 */
export type FileOpener = (path: string, tenant: string, allocate?: (size: number) => Buffer) => Uint8Array;

/** Without O_NONBLOCK, opening a pipe in place of a file would block for ever. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

interface OpenedFile {
  readonly fd: number;
  /** The folder that holds the file, without links, and the name of the file in it. */
  readonly folder: string;
  readonly name: string;
}

/** A regular file that the tenant may read. The caller closes `fd`. */
export interface AllowedFile {
  readonly fd: number;
  readonly stamp: FileStamp;
}

/** `beforeRead`: called with what is known of each file that is about to be read. */
export function createFileOpener(limits: FileLimits, beforeRead?: (file: FileStamp) => void): FileOpener {
  const openAllowed = createAllowedOpener(limits);
  return function openFile(path, tenant, allocate = (size) => Buffer.allocUnsafe(size)) {
    const { fd, stamp } = openAllowed(path, tenant);
    try {
      beforeRead?.(stamp);
      return readAll(fd, stamp.size, allocate(stamp.size));
    } catch (error) {
      throw error instanceof ForebayError ? error : toRowError(error);
    } finally {
      closeSync(fd);
    }
  };
}

/** Opens a file without reading it. Throws as FileOpener does. */
export function createAllowedOpener(
  limits: Omit<FileLimits, 'maxHeldBytes'>,
): (path: string, tenant: string) => AllowedFile {
  const judge = createInputRule(limits);
  const openedFolder = createOpenedFolder();
  /**
   * The last folder whose files were allowed. Rows of one folder follow each other, and one verdict applies to all its
   * files.
   */
  let allowed: { readonly folder: string; readonly tenant: string } | null = null;

  function verdictOn({ folder, name }: OpenedFile, tenant: string): InputVerdict {
    if (allowed?.folder === folder && allowed.tenant === tenant) return 'allowed';
    const verdict = judge(join(folder, name), tenant);
    if (verdict === 'allowed') allowed = { folder, tenant };
    return verdict;
  }

  /** Throws the errors of node:fs, or ForebayError `path_not_allowed` (see realPathOf). */
  function open(path: string): OpenedFile {
    if (!KERNEL_TELLS) return openByPath(path);
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    const { prefix, real } = openedFolder.of(path.slice(0, slash) || '/');
    try {
      // Opened in the folder and not through a link, so it is in that folder.
      const fd = openSync(prefix + name, FLAGS | constants.O_NOFOLLOW);
      return { fd, folder: real, name };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOOP') throw error;
      return openByPath(path);
    }
  }

  function openForRow(path: string): OpenedFile {
    try {
      return open(path);
    } catch (error) {
      if (error instanceof ForebayError) throw error;
      throw isMissing(error) ? missingFile(path, error) : toRowError(error);
    }
  }

  return function openAllowed(path, tenant) {
    const opened = openForRow(path);
    const { fd } = opened;
    try {
      const verdict = verdictOn(opened, tenant);
      if (verdict === 'outside') {
        throw new ForebayError('path_not_allowed', 'it is a link that leads out of the input roots');
      }
      if (verdict !== 'allowed') throw new ForebayError('path_not_allowed', `it ${whyRefused(verdict)}`);
      const found = fstatSync(fd);
      if (!found.isFile()) {
        const what = found.isDirectory() ? 'it is a folder' : 'not a regular file';
        throw new ForebayError('file_unreadable', what);
      }
      checkRowSize(found.size, limits.maxFileBytes);
      return { fd, stamp: found };
    } catch (error) {
      closeSync(fd);
      throw error instanceof ForebayError ? error : toRowError(error);
    }
  };
}

/** Reads a file that the service itself has written. Throws ForebayError `file_not_found` or `file_unreadable`. */
export function readOwnFile(
  path: string,
  allocate: (size: number) => Buffer = (size) => Buffer.allocUnsafe(size),
): Uint8Array {
  let fd: number | null = null;
  try {
    fd = openSync(path, FLAGS | constants.O_NOFOLLOW);
    const { size } = fstatSync(fd);
    return readAll(fd, size, allocate(size));
  } catch (error) {
    throw isMissing(error)
      ? new ForebayError('file_not_found', 'it is gone', { cause: error })
      : toRowError(error);
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

function openByPath(path: string): OpenedFile {
  const fd = openSync(path, FLAGS);
  try {
    const real = realPathOf(fd, path);
    return { fd, folder: dirname(real), name: basename(real) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function readAll(fd: number, size: number, bytes: Buffer): Uint8Array {
  let filled = 0;
  while (filled < size) {
    const read = readSync(fd, bytes, filled, size - filled, null);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}

const OPEN_FILES = '/proc/self/fd';
const KERNEL_TELLS = process.platform === 'linux' && existsSync(OPEN_FILES);

/**
 * The path of the opened file, without links. Linux reports it. On other systems, the path must still lead to that file.
 */
function realPathOf(fd: number, path: string): string {
  if (KERNEL_TELLS) return readlinkSync(`${OPEN_FILES}/${fd}`);
  const real = realpathSync.native(path);
  const opened = fstatSync(fd);
  const found = lstatSync(real);
  if (opened.ino === found.ino && opened.dev === found.dev) return real;
  throw new ForebayError('path_not_allowed', 'it was replaced while it was opened');
}

const CAUSES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOTDIR: ['file_not_found', 'there is no such file: a part of its path is not a folder'],
  EACCES: ['file_unreadable', 'permission denied'],
  EPERM: ['file_unreadable', 'permission denied'],
  ENXIO: ['file_unreadable', 'not a regular file'],
  ELOOP: ['file_unreadable', 'too many symbolic links'],
  ENAMETOOLONG: ['file_unreadable', 'the name is too long'],
  EMFILE: ['file_unreadable', 'too many open files in the lane'],
};

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/**
 * Says whether the path is a link to nothing, or exists in another Unicode form. Only failed rows pay for this check.
 */
function missingFile(path: string, cause: unknown): ForebayError {
  const say = (message: string) => new ForebayError('file_not_found', message, { cause });
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return say('it is a link to nothing');
  const form = existingForm(path, existsSync);
  return say(form === null ? 'there is no such file' : `there is no such file; ${formHint(form)}`);
}

/** The system's own message names the absolute path, which only the service may know. */
export function toRowError(cause: unknown): ForebayError {
  const errno = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  const [code, message] = CAUSES[errno] ?? (['file_unreadable', `reading failed (${errno})`] as const);
  return new ForebayError(code, message, { cause });
}
