/**
 * Whether a path lies under an input root by its text alone: what is refused here is never touched, what is let
 * through is checked again when a lane has opened it.
 */
import { realpathSync } from 'node:fs';
import { isInside } from '../../../shared/files/is-inside.ts';

export function createRootGuess(inputRoots: readonly string[]) {
  /** Roots and, where they are links, their real paths. One that is mounted later is looked for again. */
  const known = new Set(inputRoots);
  const missing = new Set(inputRoots);

  function lookAgain(): void {
    for (const root of missing) {
      try {
        known.add(realpathSync.native(root));
        missing.delete(root);
      } catch {
        // Not there yet.
      }
    }
  }

  return function liesUnderRoot(path: string): boolean {
    for (const root of known) if (isInside(root, path)) return true;
    if (missing.size === 0) return false;
    lookAgain();
    for (const root of known) if (isInside(root, path)) return true;
    return false;
  };
}
