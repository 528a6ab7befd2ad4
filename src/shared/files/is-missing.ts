/** Whether an error of `node:fs` says that nothing has this path. Pure. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** For `catch` of anything that reads or looks at a path: what does not exist is null. */
export function nullIfMissing(error: unknown): null {
  if (isMissing(error)) return null;
  throw error;
}

/** For `catch` of `readdir`: a folder that does not exist has no entries. */
export function noneIfMissing(error: unknown): [] {
  if (isMissing(error)) return [];
  throw error;
}
