/**
 * Include and exclude globs over relative ids (`/` between parts). `*.jpg` matches the top folder only,
 * any depth is `**` + `/*.jpg`. Knows nothing of the file system.
 */
import { compileGlobs } from './glob/compile-globs.ts';

export interface GlobFilter {
  /** Whether the file with this id is a row. */
  file(id: string): boolean;
  /** False when no file below this folder can be a row, so that it need not be listed. */
  folder(id: string): boolean;
}

/** Throws ForebayError `invalid_request` naming a pattern that cannot be matched in linear time. */
export function createGlobFilter(include: readonly string[], exclude: readonly string[]): GlobFilter {
  if (include.length === 0 && exclude.length === 0) return { file: () => true, folder: () => true };
  const included = include.length === 0 ? () => true : compileGlobs(include).matches;
  const excluded = exclude.length === 0 ? () => false : compileGlobs(exclude).matches;
  // Only a pattern that ends in a globstar excludes all that is below the folder it matches.
  const whole = exclude.filter((pattern) => pattern.endsWith('/**'));
  const excludedWhole = whole.length === 0 ? () => false : compileGlobs(whole).matches;
  const depth = Math.max(0, ...include.map(partsOf));
  const deepest = include.length === 0 ? Number.POSITIVE_INFINITY : depth;
  return {
    file: (id) => included(id) && !excluded(id),
    folder: (id) => id.split('/').length < deepest && !excludedWhole(id),
  };
}

/** Most parts that an id matched by the pattern can have. Anything but plain parts and stars counts as unlimited. */
function partsOf(pattern: string): number {
  return /\*\*|[{}()[\]!+@\\]/.test(pattern) ? Number.POSITIVE_INFINITY : pattern.split('/').length;
}
