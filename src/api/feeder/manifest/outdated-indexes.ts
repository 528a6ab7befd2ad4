/** Finds files of indexes that a job no longer needs once it has described its parts. */
import type { Output } from '../../../shared/storage/output.ts';
import { indexFile, INDEX_PREFIX } from '../../../shared/storage/output-names.ts';

/**
 * Returns the segments of the job, whose records are in whole files now. `hasAll`: the index describes all parts of the
 * output. Then also returns the index files of all jobs except `jobs`.
 */
export async function outdatedIndexes(
  output: Output,
  job: string,
  jobs: readonly string[],
  hasAll: boolean,
): Promise<string[]> {
  const outdated: string[] = [];
  for await (const { name } of output.list(INDEX_PREFIX)) {
    const file = indexFile(name);
    if (file === null) continue;
    const isOld = file.job === job ? file.isSegment : hasAll && !jobs.includes(file.job);
    if (isOld) outdated.push(name);
  }
  return outdated;
}
