/**
 * Whether a path is inside a folder. Compares text only, so both must be absolute and normalised, and real if links
 * matter.
 */
import { sep } from 'node:path';

/** True for the folder itself and everything below it. */
export function isInside(folder: string, path: string): boolean {
  if (!path.startsWith(folder)) return false;
  return path.length === folder.length || folder.endsWith(sep) || path[folder.length] === sep;
}
