/** The version of a new job's spec: the lowest one that can express it, so that older processes run what they can. */
import type { DatasetSpec } from '../../../shared/domain/dataset-spec.ts';
import { SPEC_VERSION } from '../../../shared/domain/job/job.ts';
import type { PackedInput } from '../../http/wire/job-input.ts';

const IMAGE_FILES_ONLY = 2;

export function specVersion(dataset: DatasetSpec, input: PackedInput): number {
  const hasRecords = dataset.type === 'jsonl' || (input.type === 'inline' && input.packed.records > 0);
  const listsAllFiles = dataset.type === 'files' && dataset.listing === 3;
  return hasRecords || listsAllFiles ? SPEC_VERSION : IMAGE_FILES_ONLY;
}
