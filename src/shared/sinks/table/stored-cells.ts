/** The cells of rows that were read from a part, to write them again. */
import type { PartTable } from '../../domain/job/part-format.ts';
import type { StoredRow } from '../sink.ts';
import { cellsOf, type Cell } from './cells.ts';

/** `columns`: some of the table's. */
export function createStoredCells(
  { selected }: Pick<PartTable, 'selected'>,
  columns: PartTable['columns'],
): (row: StoredRow) => Cell[] {
  // Rows with chosen columns have a field per column.
  const fields = selected
    ? columns.map((column) => ({ ...column, source: { of: 'field' as const, field: column.name } }))
    : columns;
  return ({ text }) => cellsOf(fields, text.slice(1, text.lastIndexOf('}')));
}

/** The columns that are in a file. `without`: the column whose value names the folder. */
export function columnsInFile(
  { columns }: Pick<PartTable, 'columns'>,
  without: string | null,
): PartTable['columns'] {
  return columns.filter(({ name }) => name !== without);
}
