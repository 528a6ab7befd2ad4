/**
 * Which files of a folder are parts of a table. Tools that write folders put their own files there: Spark writes
 * `_SUCCESS`, `_metadata` and `_temporary/`, and hidden checksums.
 */
import type { SkipReason } from '../../domain/skipped.ts';
import { tableTypeOf, withoutCompression, type TableType } from '../table/table-names.ts';

/** The log of a Delta table. The table's folder also holds files of older versions, so its files are not one table. */
const DELTA_LOG = /(?:^|\/)_delta_log\//;

/** `delta`: the folder is a Delta table. A SkipReason: the file is left out. */
export type PartVerdict = 'part' | 'delta' | SkipReason;

/** `id`: the path of a file below the folder. `isNamed`: a pattern of the user matches it. */
export function partVerdict(type: TableType, id: string, isNamed: boolean): PartVerdict {
  if (DELTA_LOG.test(id)) return 'delta';
  if (isMarker(id)) return 'hidden';
  return isNamed || isOfType(type, id.slice(id.lastIndexOf('/') + 1)) ? 'part' : 'other_formats';
}

/** A name such as `_a=1` is the folder of a partition. */
function isMarker(id: string): boolean {
  return id.split('/').some((part) => part.startsWith('.') || (part.startsWith('_') && !part.includes('=')));
}

/** Some tools write names without an extension. */
function isOfType(type: TableType, name: string): boolean {
  const plain = withoutCompression(name);
  return tableTypeOf(plain) === type || !plain.includes('.');
}
