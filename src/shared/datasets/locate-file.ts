/** Resolves a path of a dataset to its file. Touches no file. */
import { resolve } from 'node:path';
import type { RowLocation } from './source.ts';

/** `base`: the absolute folder that relative paths start at. */
export function locateFile(base: string, path: string): RowLocation {
  if (path.includes('\0'))
    return {
      kind: 'invalid',
      reason: 'the path holds a NUL character. If the list is UTF-16, save it as UTF-8',
    };
  return { kind: 'file', path: joined(base, path) };
}

/** Matches paths that `resolve` would change, because they have an empty, `.` or `..` part. */
const UNEVEN = /(?:^|\/)\.{1,2}(?:\/|$)|\/(?:\/|$)|^$/;

/** The same as `resolve(base, path)`, which is too slow to call for every row. */
function joined(base: string, path: string): string {
  if (UNEVEN.test(path)) return resolve(base, path);
  if (path.startsWith('/')) return path;
  return base.startsWith('/') && !UNEVEN.test(base) ? `${base}/${path}` : resolve(base, path);
}
