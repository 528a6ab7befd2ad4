/** Opens the dataset of a job. In a folder, skips the subfolders and linked files that the job's tenant may not read. */
import { SORT_IN_TMP, type IdJoinOptions } from '../../../shared/delta/id-join.ts';
import { openDelta } from '../../../shared/delta/open-delta.ts';
import { FOLDER_OUTPUTS } from '../../../shared/storage/outputs.ts';
import { openDataset, type DatasetOptions } from '../../../shared/datasets/open-dataset.ts';
import type { DatasetSource } from '../../../shared/datasets/source.ts';
import type { JobSpec } from '../../../shared/domain/job/job.ts';
import { createObjectRule, type ObjectRoots } from '../../../shared/stores/object-roots.ts';
import { createInputRule, type InputFolders } from '../../../shared/files/input-folders.ts';

/** `folders`: decide what a tenant may read, and so where links may lead. `objects`: the same for object stores. */
export function createDatasetOpener(
  folders: InputFolders,
  objects: ObjectRoots,
  places: Pick<DatasetOptions, 'stores' | 'files' | 'outputs'> & { readonly sort?: IdJoinOptions } = {},
): (spec: Pick<JobSpec, 'dataset' | 'tenant' | 'delta'>) => DatasetSource {
  const mayRead = createInputRule(folders);
  const mayReadObject = createObjectRule(objects);
  return ({ dataset, tenant, delta }) => {
    const source = openDataset(dataset, {
      ...places,
      skips: (real) => mayRead(real, tenant) !== 'allowed',
      skipsObject: (url) => !mayReadObject(url, tenant),
    });
    if (delta === undefined || dataset.type === 'failed') return source;
    const { outputs = FOLDER_OUTPUTS, sort = SORT_IN_TMP } = places;
    return openDelta(dataset, source, delta, { outputs, sort });
  };
}
