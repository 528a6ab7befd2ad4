/** Globs as paths: where their folder ends and their pattern begins. */
import picomatch from 'picomatch';
import { ForebayError } from '../../errors.ts';

/**
 * A glob's leading parts without magic, and the rest; null for a plain path.
 * Throws ForebayError `invalid_request` where the pattern leaves its folder.
 */
export function splitGlob(path: string): { base: string; pattern: string } | null {
  const parts = path.split('/');
  const first = parts.findIndex((part) => picomatch.scan(part).isGlob);
  if (first === -1) return null;
  const rest = parts.slice(first);
  if (rest.includes('..')) throw new ForebayError('invalid_request', `".." cannot follow a glob: ${path}`);
  const base = parts.slice(0, first).join('/').replace(/\\(.)/g, '$1');
  return { base: base === '' ? (path.startsWith('/') ? '/' : '.') : base, pattern: rest.join('/') };
}
