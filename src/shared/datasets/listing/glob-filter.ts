/**
 * Include and exclude globs over relative paths. `*.jpg` matches only in the top folder. For any depth, write `**`
 * directly followed by `/*.jpg`.
 */
import { compileGlobs } from './glob/compile-globs.ts';
import { lowerCaseGlob } from './glob/lower-case-glob.ts';

export interface GlobFilter {
  /** Whether the globs let a file through. */
  file(id: string): boolean;
  /** False if no file below this folder can pass. The folder then need not be listed. */
  folder(id: string): boolean;
}

/** Throws ForebayError `invalid_request`, which names a pattern that cannot be matched in linear time. */
export function createGlobFilter(
  include: readonly string[],
  exclude: readonly string[],
  ignoreCase = false,
): GlobFilter {
  if (ignoreCase) {
    const lower = createGlobFilter(include.map(lowerCaseGlob), exclude.map(lowerCaseGlob));
    return {
      file: (id) => lower.file(id.toLowerCase()),
      folder: (id) => lower.folder(id.toLowerCase()),
    };
  }
  if (include.length === 0 && exclude.length === 0) return { file: () => true, folder: () => true };
  const included = include.length === 0 ? () => true : compileGlobs(include).matches;
  const excluded = exclude.length === 0 ? () => false : compileGlobs(exclude).matches;
  // Only a pattern that ends in a globstar excludes everything below the folder that it matches.
  const whole = exclude.filter((pattern) => pattern.endsWith('/**'));
  const excludedWhole = whole.length === 0 ? () => false : compileGlobs(whole).matches;
  const depth = Math.max(0, ...include.map(partsOf));
  const deepest = include.length === 0 ? Number.POSITIVE_INFINITY : depth;
  return {
    file: (id) => included(id) && !excluded(id),
    folder: (id) => id.split('/').length < deepest && !excludedWhole(id),
  };
}

/** The maximum number of path parts of a match. Only names and single stars give a limit. */
function partsOf(pattern: string): number {
  return /\*\*|[{}()[\]!+@\\]/.test(pattern) ? Number.POSITIVE_INFINITY : pattern.split('/').length;
}
