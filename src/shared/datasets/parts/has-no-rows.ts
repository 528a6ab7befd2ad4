/** Empty files of a table in several files. */
import type { TableSpec } from '../../domain/dataset-spec.ts';
import type { ByteFile } from '../bytes/byte-file.ts';

/** Spark writes empty files for tasks without rows. An empty CSV file has not even a header. */
export function hasNoRows({ type }: Pick<TableSpec, 'type'>, { size }: ByteFile): boolean {
  return size === 0 && type !== 'parquet';
}
