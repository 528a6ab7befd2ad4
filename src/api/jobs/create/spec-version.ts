/** The version of a new job's spec: the lowest one that can express it, so that older processes run what they can. */
import { isTable, type DatasetSpec } from '../../../shared/domain/dataset-spec.ts';
import { SPEC_VERSION } from '../../../shared/domain/job/job.ts';
import { isObjectUrl } from '../../../shared/stores/object-url.ts';
import type { PackedInput } from '../../http/wire/job-input.ts';

const IMAGE_FILES_ONLY = 2;
const LOCAL_ONLY = 3;
const BEFORE_TABLES = 4;

export function specVersion(dataset: DatasetSpec, input: PackedInput): number {
  if (dataset.type === 'archive') return SPEC_VERSION;
  if (isTable(dataset) && dataset.columns !== undefined) return SPEC_VERSION;
  if (dataset.type === 'files' && isObjectUrl(dataset.root)) return BEFORE_TABLES;
  const hasRecords = dataset.type === 'jsonl' || (input.type === 'inline' && input.packed.records > 0);
  const listsAllFiles = dataset.type === 'files' && dataset.listing === 3;
  return hasRecords || listsAllFiles ? LOCAL_ONLY : IMAGE_FILES_ONLY;
}
