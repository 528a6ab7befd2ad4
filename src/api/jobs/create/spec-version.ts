/** The version of a new job's spec: the lowest one that can express it, so that older processes run what they can. */
import type { DatasetSpec } from '../../../shared/domain/dataset-spec.ts';
import type { PartTable } from '../../../shared/domain/job/part-format.ts';
import { isObjectUrl } from '../../../shared/stores/object-url.ts';
import type { PackedInput } from '../../http/wire/job-input.ts';

const IMAGE_FILES_ONLY = 2;
const LOCAL_ONLY = 3;
const JSONL_PARTS_ONLY = 4;
const PARTS_OF_ANY_FORMAT = 5;

/** `table`: how parts are written. Undefined: as JSONL. */
export function specVersion(dataset: DatasetSpec, input: PackedInput, table: PartTable | undefined): number {
  if (table !== undefined) return PARTS_OF_ANY_FORMAT;
  if (dataset.type === 'files' && isObjectUrl(dataset.root)) return JSONL_PARTS_ONLY;
  const hasRecords = dataset.type === 'jsonl' || (input.type === 'inline' && input.packed.records > 0);
  const listsAllFiles = dataset.type === 'files' && dataset.listing === 3;
  return hasRecords || listsAllFiles ? LOCAL_ONLY : IMAGE_FILES_ONLY;
}
