/** Whether a local file may be a row: its real path under the input roots, a regular file, within the size limit. */
import { realpath, stat } from 'node:fs/promises';
import { isInside } from '../../shared/dataset/inside.ts';
import { ForebayError, messageOf } from '../../shared/errors.ts';

export interface FileCheckerOptions {
  readonly inputRoots: readonly string[];
  readonly maxFileBytes: number;
}

export interface CheckedFile {
  /** The real path: opening it follows no link that was not checked. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * Rejects with ForebayError `path_not_allowed`, `file_not_found`, `file_unreadable`, `file_too_large`,
 * `empty_file`. A path outside is refused whether or not it exists, where its text alone shows it.
 */
export function createFileChecker({ inputRoots, maxFileBytes }: FileCheckerOptions) {
  const realRoots = new Map<string, string>();

  async function realRootsNow(): Promise<string[]> {
    for (const root of inputRoots) {
      if (realRoots.has(root)) continue;
      // A root may be mounted later: only success is remembered.
      const real = await realpath(root).catch(() => null);
      if (real !== null) realRoots.set(root, real);
    }
    return [...realRoots.values()];
  }

  return async function checkFile(path: string): Promise<CheckedFile> {
    const roots = await realRootsNow();
    const inside = (candidate: string) => roots.some((root) => isInside(root, candidate));
    const refuse = () =>
      new ForebayError('path_not_allowed', `${path} is not under an input root (${inputRoots.join(', ')})`);
    try {
      const real = await realpath(path);
      if (!inside(real)) throw refuse();
      const found = await stat(real);
      if (!found.isFile()) {
        throw new ForebayError(
          'file_unreadable',
          `${path} is ${found.isDirectory() ? 'a folder' : 'no regular file'}`,
        );
      }
      if (found.size === 0) throw new ForebayError('empty_file', `${path} is empty`);
      if (found.size > maxFileBytes) {
        throw new ForebayError(
          'file_too_large',
          `${path} has ${found.size} bytes; the limit is ${maxFileBytes}`,
        );
      }
      return { path: real, size: found.size };
    } catch (error) {
      if (error instanceof ForebayError) throw error;
      if (!inside(path) && !inputRoots.some((root) => isInside(root, path))) throw refuse();
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR')
        throw new ForebayError('file_not_found', `${path} does not exist`);
      throw new ForebayError('file_unreadable', `${path}: ${messageOf(error)}`, { cause: error });
    }
  };
}
