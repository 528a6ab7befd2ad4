/** Opens the dataset of a job. Skips what the tenant may not read. `folders`: where links may lead. */
import { openDataset } from '../../../shared/datasets/open-dataset.ts';
import type { DatasetSource } from '../../../shared/datasets/source.ts';
import type { JobSpec } from '../../../shared/domain/job/job.ts';
import { createInputRule, type InputFolders } from '../../../shared/files/input-folders.ts';

export function createDatasetOpener(
  folders: InputFolders,
): (spec: Pick<JobSpec, 'dataset' | 'tenant'>) => DatasetSource {
  const mayRead = createInputRule(folders);
  return ({ dataset, tenant }) =>
    openDataset(dataset, { skips: (real) => mayRead(real, tenant) !== 'allowed' });
}
