/** Resolves a link in a folder. Does not check what the job may read. */
import { realpath, stat } from 'node:fs/promises';
import { ForebayError, messageOf } from '../../errors.ts';
import { fsPath } from './name-bytes.ts';

export type LinkTarget =
  /** `real` is the raw real path (see name-bytes.ts). `special` is a device, a pipe or a socket. */
  | { readonly kind: 'file' | 'folder' | 'special'; readonly real: string }
  /** The link leads nowhere, or to itself. */
  | { readonly kind: 'broken' };

/** `raw` is the path of the link. Throws ForebayError `input_unreadable`, which names the link by `id`. */
export async function resolveLink(raw: string, id: string): Promise<LinkTarget> {
  const path = fsPath(raw);
  try {
    const real = (await realpath(path, { encoding: 'buffer' })).toString('latin1');
    const target = await stat(path);
    if (target.isFile()) return { kind: 'file', real };
    return { kind: target.isDirectory() ? 'folder' : 'special', real };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR') return { kind: 'broken' };
    // Other errors must not drop rows silently.
    throw new ForebayError('input_unreadable', `Cannot follow the link ${id}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}
