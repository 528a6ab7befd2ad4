/** Settles how the parts of a job become files at its end. */
import {
  DEFAULT_FILE_SIZE,
  type AskedFiles,
  type Compaction,
} from '../../../../shared/domain/job/compaction.ts';
import type { ResultColumn } from '../../../../shared/domain/job/part-format.ts';
import { refusedColumns, unknownColumns } from './refused-columns.ts';

/** Types whose values can name folders. */
const NAMING = ['string', 'int64', 'int32', 'boolean'];
/** Columns with a different value in every row. */
const OF_ONE_ROW = ['index', 'id'];

/**
 * `asked`: undefined if the request does not mention files. `earlier`: the compaction of the job that the request
 * resumes. The request may ask for another compaction, because each of them starts from the same parts. Throws
 * ForebayError `invalid_request`.
 */
export function settleFiles(
  asked: AskedFiles | undefined,
  columns: readonly ResultColumn[],
  earlier: Compaction | undefined,
): Compaction | undefined {
  if (asked === undefined) return earlier;
  const { size = DEFAULT_FILE_SIZE, partition_by: name } = asked;
  if (name === undefined) return { size };
  if (OF_ONE_ROW.includes(name)) throw refusedColumns('partition_by', `"${name}" differs in every row`);
  const column = columns.find((one) => one.name === name);
  if (column === undefined) {
    const known = columns.filter(isNaming).map((one) => one.name);
    throw unknownColumns('partition_by', [name], known, '');
  }
  if (isNaming(column)) return { size, partition_by: column };
  const type = typeof column.type === 'string' ? column.type : 'list' in column.type ? 'list' : 'struct';
  throw refusedColumns(
    'partition_by',
    `"${name}" has the type ${type}, and only texts, whole numbers and booleans can name folders`,
  );
}

function isNaming({ type }: ResultColumn): boolean {
  return typeof type === 'string' && NAMING.includes(type);
}
