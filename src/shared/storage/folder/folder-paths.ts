/** Paths in an output folder. */
import { normalize } from 'node:path';
import { errorsName, partName } from '../output-names.ts';
import type { PartFormat } from '../../domain/job/part-format.ts';

export type FolderPaths = ReturnType<typeof folderPaths>;

/** `folder` is absolute. Only the folder is normalised, because every block asks for names in it. */
export function folderPaths(folder: string) {
  const root = normalize(`${folder}/`);
  const staging = `${root}_staging`;
  return {
    folder,
    root,
    /** Contains a folder per job that stages. It may be the user's own, so only Forebay's names in it count. */
    staging,
    part: (block: number, format: PartFormat) => `${root}${partName(block, format)}`,
    errors: (block: number) => `${root}${errorsName(block)}`,
    /** Contains what the runs and the feeder of a job stage. */
    stagingOf: (job: string) => `${staging}/${job}`,
    /**
     * Contains what one feeder stages. The next holder of the lease removes the folder, which fences the old feeder.
     */
    stagingOfFeeder: (job: string, lease: string) => `${staging}/${job}/feeder-${lease}`,
  };
}
