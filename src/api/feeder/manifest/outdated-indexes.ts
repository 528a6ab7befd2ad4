/** Finds files of indexes that a job no longer needs once it has described its parts. */
import type { Output } from '../../../shared/storage/output.ts';
import { indexFile, INDEX_PREFIX } from '../../../shared/storage/output-names.ts';

/**
 * Segments of the job, which are part of larger files now. If the job has adopted all parts, also the indexes of jobs other
 * than `jobs`.
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
