/**
 * Checks whether a path is under an input root, by the path's text alone. A refused path is never touched. An allowed
 * path is checked again when a lane has opened it.
 */
import { realpathSync } from 'node:fs';
import { isInside } from '../files/is-inside.ts';

export function createRootGuess(inputRoots: readonly string[]) {
  /** The roots, and the real paths of roots that are links. */
  const known = new Set(inputRoots);
  /** Roots whose real path is unknown, such as one that is mounted later. */
  const unresolved = new Set(inputRoots);

  function resolveRoots(): void {
    for (const root of unresolved) {
      try {
        known.add(realpathSync.native(root));
        unresolved.delete(root);
      } catch {
        // It does not exist yet.
      }
    }
  }

  return function liesUnderRoot(path: string): boolean {
    for (const root of known) if (isInside(root, path)) return true;
    if (unresolved.size === 0) return false;
    resolveRoots();
    for (const root of known) if (isInside(root, path)) return true;
    return false;
  };
}
