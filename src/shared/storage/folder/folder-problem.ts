/** What failures of `node:fs` on an output folder mean for the client that asked for it. */
import { ForebayError, messageOf } from '../../errors.ts';

/** Errors that mean that the name is wrong, not the storage. */
const WRONG_NAME: Readonly<Record<string, string>> = {
  ENAMETOOLONG: 'names a folder whose name is too long for the file system (often 255 bytes)',
  ENOTDIR: 'names a file, or a path below a file, but an output is a folder',
  EEXIST: 'names a file, but an output is a folder',
  ELOOP: 'leads through too many symbolic links',
};

export function folderProblem(folder: string, error: unknown): ForebayError {
  const wrong = WRONG_NAME[(error as NodeJS.ErrnoException).code ?? ''];
  if (wrong !== undefined) return wrongOutput(wrong, error);
  return new ForebayError(
    'storage_unavailable',
    `Cannot use the output folder ${folder}: ${messageOf(error)}`,
    { cause: error },
  );
}

export function wrongOutput(why: string, cause?: unknown): ForebayError {
  return new ForebayError('invalid_request', `The output ${why}. Choose another.`, {
    cause,
    issues: [{ path: '/output', message: why }],
  });
}
