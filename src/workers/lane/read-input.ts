/** A row's encoded bytes, from the message or from a local file, within the limits. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { ForebayError, type ErrorCode } from '../../shared/errors.ts';
import type { LaneInput, RowLimits } from './messages.ts';

/**
 * Reads synchronously on purpose: decoding must be under way before the lane blocks in inference, and a
 * cached 100 KB file takes 0.05 ms, less than one trip through the thread pool.
 * Throws ForebayError `file_not_found`, `file_unreadable`, `file_too_large` or `empty_file`.
 */
export function readInput(input: LaneInput, limits: RowLimits): Uint8Array {
  const bytes = 'bytes' in input ? input.bytes : readFile(input.path, limits);
  checkSize(bytes.length, limits);
  return bytes;
}

function readFile(path: string, limits: RowLimits): Uint8Array {
  let fd: number;
  try {
    // Without O_NONBLOCK a pipe in place of a file would be waited for without end.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw toRowError(error);
  }
  try {
    const found = fstatSync(fd);
    if (!found.isFile()) throw new ForebayError('file_unreadable', 'not a regular file');
    checkSize(found.size, limits);
    const bytes = Buffer.allocUnsafeSlow(found.size);
    let filled = 0;
    while (filled < bytes.length) {
      const read = readSync(fd, bytes, filled, bytes.length - filled, null);
      if (read === 0) break;
      filled += read;
    }
    return bytes.subarray(0, filled);
  } catch (error) {
    throw error instanceof ForebayError ? error : toRowError(error);
  } finally {
    closeSync(fd);
  }
}

function checkSize(size: number, { maxFileBytes }: RowLimits): void {
  if (size === 0) throw new ForebayError('empty_file', 'the file is empty');
  if (size > maxFileBytes) {
    throw new ForebayError('file_too_large', `${size} bytes; the limit is ${maxFileBytes}`);
  }
}

const CAUSES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOENT: ['file_not_found', 'there is no such file'],
  ENOTDIR: ['file_not_found', 'there is no such file: a part of its path is not a folder'],
  EACCES: ['file_unreadable', 'permission denied'],
  EPERM: ['file_unreadable', 'permission denied'],
  ENXIO: ['file_unreadable', 'not a regular file'],
  ELOOP: ['file_unreadable', 'too many symbolic links'],
  ENAMETOOLONG: ['file_unreadable', 'the name is too long'],
  EMFILE: ['file_unreadable', 'too many open files in the lane'],
};

/** The system's own message names the absolute path, which is the service's affair. */
function toRowError(cause: unknown): ForebayError {
  const errno = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  const [code, message] = CAUSES[errno] ?? (['file_unreadable', `reading failed (${errno})`] as const);
  return new ForebayError(code, message, { cause });
}
