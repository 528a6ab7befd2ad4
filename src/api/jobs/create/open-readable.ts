/** Opens the dataset of a job as its tenant may read it. `places`: where its links may lead. */
import { openDataset } from '../../../shared/datasets/open-dataset.ts';
import type { DatasetSource } from '../../../shared/datasets/source.ts';
import type { JobSpec } from '../../../shared/domain/job.ts';
import { createInputRule, type InputPlaces } from '../../../shared/files/input-places.ts';

export function createDatasetOpener(
  places: InputPlaces,
): (spec: Pick<JobSpec, 'dataset' | 'tenant'>) => DatasetSource {
  const mayRead = createInputRule(places);
  return ({ dataset, tenant }) =>
    openDataset(dataset, { skips: (real) => mayRead(real, tenant) !== 'allowed' });
}
