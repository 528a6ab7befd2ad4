/**
 * Opens a local row: a regular file whose real path its tenant may read, within the size limit. What was
 * opened is what is checked, so no link that is changed in between leads elsewhere.
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
import { existingForm, formHint } from '../../../shared/text/unicode-form.ts';
import {
  createInputRule,
  whyRefused,
  type InputRule,
  type InputVerdict,
} from '../../../shared/files/input-folders.ts';
import { ForebayError, type ErrorCode } from '../../../shared/errors.ts';
import { createCurrentFolder } from './current-folder.ts';
import type { FileLimits } from '../messages.ts';
import { checkSize } from './row-size.ts';

/** Where a file really lies: no part of `folder` is a link, nor is `name`. */
interface Place {
  readonly folder: string;
  readonly name: string;
}

interface Opened {
  readonly fd: number;
  /** Null: there was a link in its place. */
  readonly place: Place | null;
}

/** Throws ForebayError `file_not_found`, `file_unreadable`, `path_not_allowed`, `file_too_large` or `empty_file`. */
export type FileOpener = (path: string, tenant: string, limits: FileLimits) => Uint8Array;

export function createFileOpener(): FileOpener {
  /** A model's limits are one object for all of its batches. */
  const rules = new WeakMap<FileLimits, InputRule>();
  const current = createCurrentFolder();

  function ruleOf(limits: FileLimits): InputRule {
    let rule = rules.get(limits);
    if (!rule) rules.set(limits, (rule = createInputRule(limits)));
    return rule;
  }

  /** Rows of one folder come one after the other, and what may be read of a folder's files is one for all of them. */
  let allowed: { folder: string; tenant: string; limits: FileLimits } | null = null;

  function verdictOn({ folder, name }: Place, tenant: string, limits: FileLimits): InputVerdict {
    if (allowed?.folder === folder && allowed.tenant === tenant && allowed.limits === limits)
      return 'allowed';
    const verdict = ruleOf(limits)(join(folder, name), tenant);
    if (verdict === 'allowed') allowed = { folder, tenant, limits };
    return verdict;
  }

  /** Throws node:fs's errors. */
  function open(path: string): Opened {
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    const folder = current.enter(path.slice(0, slash) || '/');
    try {
      return { fd: openSync(name, FLAGS | constants.O_NOFOLLOW), place: { folder, name } };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOOP') throw error;
      return { fd: openSync(path, FLAGS), place: null };
    }
  }

  return function openFile(path, tenant, limits) {
    let opened: Opened;
    try {
      opened = open(path);
    } catch (error) {
      throw isMissing(error) ? missingFile(path, error) : toRowError(error);
    }
    const { fd, place } = opened;
    try {
      const verdict = verdictOn(place ?? openedPlace(fd, path), tenant, limits);
      if (verdict === 'outside') {
        throw new ForebayError('path_not_allowed', 'it is a link that leads out of the input roots');
      }
      if (verdict !== 'allowed') throw new ForebayError('path_not_allowed', `it ${whyRefused(verdict)}`);
      const found = fstatSync(fd);
      if (!found.isFile()) {
        const what = found.isDirectory() ? 'it is a folder' : 'not a regular file';
        throw new ForebayError('file_unreadable', what);
      }
      checkSize(found.size, limits);
      return readAll(fd, found.size);
    } catch (error) {
      throw error instanceof ForebayError ? error : toRowError(error);
    } finally {
      closeSync(fd);
    }
  };
}

function readAll(fd: number, size: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const read = readSync(fd, bytes, filled, size - filled, null);
    if (read === 0) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}

/** Without O_NONBLOCK a pipe in place of a file would be waited for without end. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** Linux tells what was opened: 4 us, where realpath before and after would take 20 and prove less. */
function openedPlace(fd: number, path: string): Place {
  const real = process.platform === 'linux' ? readlinkSync(`/proc/self/fd/${fd}`) : realpathSync.native(path);
  return { folder: dirname(real), name: basename(real) };
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

/** What may be there instead: only asked when a row has failed. */
function missingFile(path: string, cause: unknown): ForebayError {
  const say = (message: string) => new ForebayError('file_not_found', message, { cause });
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return say('it is a link to nothing');
  const form = existingForm(path, existsSync);
  return say(form === null ? 'there is no such file' : `there is no such file; ${formHint(form)}`);
}

/** The system's own message names the absolute path, which is the service's affair. */
function toRowError(cause: unknown): ForebayError {
  const errno = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  const [code, message] = CAUSES[errno] ?? (['file_unreadable', `reading failed (${errno})`] as const);
  return new ForebayError(code, message, { cause });
}
