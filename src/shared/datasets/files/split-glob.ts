/** Splits a glob into its folder and its pattern. */
import picomatch from 'picomatch';
import { ForebayError } from '../../errors.ts';

/**
 * `base` is everything before the first part with a wildcard. Returns null for a path without wildcards.
 * Throws ForebayError `invalid_request` for a pattern that leaves its folder.
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
