import { link } from 'node:fs/promises';
import { isMissing } from '../../files/is-missing.ts';
import { errorsName, stagedErrorsName } from '../output-names.ts';
import type { FolderPaths } from './folder-paths.ts';

/**
 * Links the staged errors of a part, found by the hash of the part, to their final name. Jobs of version 1 staged
 * without a separate folder. Returns false if there are no staged errors.
 */
export async function placeErrors(
  paths: FolderPaths,
  job: string,
  part: number,
  partHash: string,
): Promise<boolean> {
  const staged = stagedErrorsName(part, partHash);
  for (const staging of [paths.stagingOf(job), paths.staging]) {
    try {
      await link(`${staging}/${staged}`, paths.root + errorsName(part));
      return true;
    } catch (error) {
      // The errors have their final name already, perhaps because another process found the part.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return true;
      if (!isMissing(error)) throw error;
    }
  }
  return false;
}
