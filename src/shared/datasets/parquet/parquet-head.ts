/** The columns of a Parquet file, which is checked as far as its footer goes. */
import type { ByteFile } from '../bytes/byte-file.ts';
import type { ValueType } from '../../domain/job/part-format.ts';
import type { HeldKind, Holds } from '../table/column-holds.ts';
import type { TableHead } from '../table-head.ts';
import { checkColumns } from './check-columns.ts';
import { checkMagic } from './file/footer.ts';
import type { Column } from './file/leaves.ts';
import { openParquet } from './file/parquet-file.ts';
import { projectionOf, readColumns, type ProjectionOf } from './projection.ts';
import { columnType } from './values/column-type.ts';
import { isMedia } from './values/structs.ts';

/**
 * Throws ForebayError `input_unreadable` if a column that the job would read cannot be read, and as reading the
 * file does.
 */
export async function readParquetHead(
  file: ByteFile,
  of: ProjectionOf,
  signal: AbortSignal,
): Promise<TableHead> {
  const fields = of.fields === null ? null : [...of.fields];
  if (file.isHead === true) {
    await checkMagic(file, signal);
    return { spec: { type: 'parquet', fields }, columns: null, isStrict: true };
  }
  const { footer } = await openParquet(file, signal);
  checkColumns(file.name, footer, readColumns(projectionOf(file.name, footer.columns, of)));
  return {
    spec: { type: 'parquet', fields },
    columns: footer.columns.map(({ name }) => name),
    isStrict: true,
    holds: (name) => holdsOf(footer.columns.find((column) => column.name === name)!),
  };
}

function holdsOf({ node }: Column): Holds | null {
  const kind = kindOf(node);
  return kind === null ? null : { kind };
}

function kindOf(node: Column['node']): HeldKind | null {
  const type = columnType(node);
  if (typeof type !== 'string') return 'list' in type ? 'lists' : isMedia(node) ? null : 'objects';
  return KINDS.get(type) ?? (/^(?:local_)?timestamp_/.test(type) ? 'times' : null);
}

const KINDS: ReadonlyMap<ValueType, HeldKind> = new Map([
  ['boolean', 'booleans'],
  ['int32', 'numbers'],
  ['int64', 'numbers'],
  ['float', 'numbers'],
  ['double', 'numbers'],
  ['string', 'text'],
  ['bytes', 'bytes'],
  ['date', 'times'],
]);
