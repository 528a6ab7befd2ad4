/** Distinguishes a file or folder that does not exist from one that cannot be read. */
import { messageOf } from '../../shared/errors.ts';

/** A folder in place of a file, or a file in place of a folder, counts as absent. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

/** Handles the errors of node:fs for `path`. Throws an Error that names the path, unless there is no such file. */
export function nullIfAbsent(path: string): (cause: unknown) => null {
  return (cause) => {
    if (ABSENT.has((cause as NodeJS.ErrnoException).code ?? '')) return null;
    throw new Error(`${path} cannot be read: ${messageOf(cause)}`, { cause });
  };
}
