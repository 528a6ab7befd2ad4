/** What a link in a folder leads to. Knows nothing of what the job may read. */
import { realpath, stat } from 'node:fs/promises';
import { ForebayError, messageOf } from '../../errors.ts';
import { fsPath } from './name-bytes.ts';

export type LinkTarget =
  /** `real`: raw real path (see name-bytes.ts). `special`: a device, a pipe or a socket. */
  | { readonly kind: 'file' | 'folder' | 'special'; readonly real: string }
  /** It leads to nothing, or to itself. */
  | { readonly kind: 'broken' };

/** `raw`: path of the link. Throws ForebayError `input_unreadable`, naming the link by `id`. */
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
    // Anything else must not drop rows in silence.
    throw new ForebayError('input_unreadable', `Cannot follow the link ${id}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}
