/** Distinguishes a file or folder that does not exist from one that cannot be read. */
import { messageOf } from '../../shared/errors.ts';
import { isMissing } from '../../shared/files/is-missing.ts';

/** Handles the errors of node:fs for `path`. Throws an Error that names the path, unless there is no such file. */
export function nullIfAbsent(path: string): (cause: unknown) => null {
  return (cause) => {
    // A folder in place of a file counts as absent, too.
    const isFolder = (cause as NodeJS.ErrnoException).code === 'EISDIR';
    if (isFolder || isMissing(cause)) return null;
    throw new Error(`${path} cannot be read: ${messageOf(cause)}`, { cause });
  };
}
