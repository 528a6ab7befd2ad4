/** Failures of storage that may pass: a full disk, a lost mount, a missing right. */
import { messageOf } from '../errors.ts';

const CODES = [
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EACCES',
  'EPERM',
  'EIO',
  'EMFILE',
  'ENOENT',
  'ENOTDIR',
  'ESTALE',
];

/** What storage says, where it is what failed; null otherwise. */
export function storageTrouble(error: unknown): string | null {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return typeof code === 'string' && CODES.includes(code) ? messageOf(error) : null;
}
