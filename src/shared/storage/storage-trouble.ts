/** Detects temporary failures of storage: a full disk, a lost mount, a missing permission, too many open files. */
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

/** The message of a storage error. Null for any other error. */
export function storageTrouble(error: unknown): string | null {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return typeof code === 'string' && CODES.includes(code) ? messageOf(error) : null;
}
