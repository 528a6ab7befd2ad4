/** The version of a new job's spec: the lowest one that can express it, so that older processes run what they can. */
import { hasParts, isTable, joinOf, type DatasetSpec } from '../../../shared/domain/dataset-spec.ts';
import type { Delta } from '../../../shared/domain/job/delta.ts';
import type { PartTable } from '../../../shared/domain/job/part-format.ts';
import { isObjectUrl, schemeOf } from '../../../shared/stores/object-url.ts';
import { isRemoteUrl } from '../../../shared/stores/remote-url.ts';
import type { PackedInput } from '../../http/wire/job-input.ts';
import type { ResolvedInput } from './input/resolve-files.ts';

const IMAGE_FILES_ONLY = 2;
const LOCAL_ONLY = 3;
const LOCAL_LISTS = 4;
const LOCAL_OUTPUTS = 5;
const BY_STAMP = 6;
const COMPACTED = 7;
const ON_AZURE = 7;
const BY_CONTENT = 7;
const INLINE_MODEL = 7;
/** Retries add files to an output, and delta jobs read the files of all its jobs. */
export const FILES_OF_SEVERAL = 8;
/** The version of jobs with larger blocks than MOST_ROWS_BEFORE. */
const LARGE_BLOCKS = 9;
const MOST_ROWS_BEFORE = 10_000;
const ANY_CASE = 10;
const TABLES_IN_ANY_CASE = 11;
const ARCHIVES_IN_ANY_CASE = 12;

/** What a request asks for in addition to its dataset. */
export interface AskedFor {
  readonly delta?: Delta | undefined;
  /** The earlier output of the delta job consists of files of several jobs. */
  readonly fromSeveral?: boolean | undefined;
  readonly compact?: boolean;
  /** The request gives a pipeline. */
  readonly inline?: boolean;
  readonly blockRows?: number;
}

/** `output`: a folder or a URL. `table`: how parts are written. Undefined: as JSONL. */
export function specVersion(
  { spec: dataset, compressed = false }: Pick<ResolvedInput, 'spec' | 'compressed'>,
  input: PackedInput,
  table: PartTable | undefined,
  output: string,
  { delta, fromSeveral, compact, inline, blockRows = 1 }: AskedFor = {},
): number {
  const places = [output, ...(delta ? [delta.output] : []), ...placesOf(dataset)];
  if (isTable(dataset) && dataset.parts?.ignore_case === true) return TABLES_IN_ANY_CASE;
  if ('ignore_case' in dataset && dataset.ignore_case === true) {
    return dataset.type === 'archive' && dataset.shards === 'glob' ? ARCHIVES_IN_ANY_CASE : ANY_CASE;
  }
  if (blockRows > MOST_ROWS_BEFORE) return LARGE_BLOCKS;
  if (fromSeveral === true) return FILES_OF_SEVERAL;
  if (places.some(isOnAzure)) return ON_AZURE;
  if (inline) return INLINE_MODEL;
  if (compact) return COMPACTED;
  if (delta?.by === 'content') return BY_CONTENT;
  if (delta || isObjectUrl(output) || isSince6(dataset) || table?.selected) return BY_STAMP;
  if (table !== undefined || dataset.type === 'archive') return LOCAL_OUTPUTS;
  const isElsewhere = 'path' in dataset && isRemoteUrl(dataset.path);
  const isNewTable = isTable(dataset) && (dataset.type !== 'jsonl' || dataset.columns !== undefined);
  if (isElsewhere || compressed || isNewTable) return LOCAL_OUTPUTS;
  if (dataset.type === 'files' && isObjectUrl(dataset.root)) return LOCAL_LISTS;
  const hasRecords = dataset.type === 'jsonl' || (input.type === 'inline' && input.packed.records > 0);
  const listsAllFiles = dataset.type === 'files' && dataset.listing === 3;
  return hasRecords || listsAllFiles ? LOCAL_ONLY : IMAGE_FILES_ONLY;
}

function isOnAzure(place: string): boolean {
  return isObjectUrl(place) && schemeOf(place) === 'az';
}

/** The rows of a list are not checked. A process that does not know the scheme of a row's URL fails that row. */
function placesOf(dataset: DatasetSpec): string[] {
  if (dataset.type === 'files') return [dataset.root];
  if (dataset.type === 'failed') return placesOf(dataset.of);
  return 'path' in dataset ? [dataset.path] : [];
}

function isSince6(dataset: DatasetSpec): boolean {
  if (joinOf(dataset) !== undefined) return true;
  if (isTable(dataset)) return hasParts(dataset) || dataset.needs !== undefined;
  if (dataset.type === 'manifest') return dataset.list !== undefined;
  return dataset.type === 'archive' && isRemoteUrl(dataset.path);
}
