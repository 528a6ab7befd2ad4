// Programs that tests download into the cache of this machine.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Fills another folder and renames it, so that a test that runs at the same time never sees half a program. `work`: for
 * other files of `fill`. Returns false if `fill` throws.
 */
export function installOnce(cached: string, fill: (folder: string, work: string) => void): boolean {
  mkdirSync(dirname(cached), { recursive: true });
  const work = mkdtempSync(`${cached}-getting-`);
  const folder = join(work, 'filled');
  try {
    mkdirSync(folder);
    fill(folder, work);
    renameSync(folder, cached);
  } catch {
    // Another test may have finished the same installation meanwhile.
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return existsSync(cached);
}
