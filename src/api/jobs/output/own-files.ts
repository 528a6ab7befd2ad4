/** The files of a job whose compaction has not ended. */
import { firstFile } from '../../../shared/domain/job/compaction.ts';
import type { JobSpec } from '../../../shared/domain/job/job.ts';
import { isFileFrom } from '../../../shared/storage/file-names.ts';
import type { Output } from '../../../shared/storage/output.ts';

/** Their paths in the output. Files of earlier jobs are left out. */
export async function ownFiles(output: Output, spec: Pick<JobSpec, 'compact'>): Promise<string[]> {
  const first = firstFile(spec);
  return (await output.filePaths()).filter((path) => isFileFrom(first, path));
}
