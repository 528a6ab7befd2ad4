/** Opens the dataset of a job. In a folder, skips the subfolders and linked files that the job's tenant may not read. */
import { openDataset } from '../../../shared/datasets/open-dataset.ts';
import type { DatasetSource } from '../../../shared/datasets/source.ts';
import type { JobSpec } from '../../../shared/domain/job/job.ts';
import { createInputRule, type InputFolders } from '../../../shared/files/input-folders.ts';
import type { Stores } from '../../../shared/stores/stores.ts';

/** `folders`: decide what a tenant may read, and so where links may lead. */
export function createDatasetOpener(
  folders: InputFolders,
  stores?: Pick<Stores, 'listing'>,
): (spec: Pick<JobSpec, 'dataset' | 'tenant'>) => DatasetSource {
  const mayRead = createInputRule(folders);
  return ({ dataset, tenant }) =>
    openDataset(dataset, { skips: (real) => mayRead(real, tenant) !== 'allowed', ...(stores && { stores }) });
}
