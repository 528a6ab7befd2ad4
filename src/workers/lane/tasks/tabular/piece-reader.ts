/** Reads the cells of columns into tensors. */
import type { CellColumn, ColumnPiece } from '../../../../shared/domain/column-rows.ts';
import type { ColumnData, ColumnReader } from './column-reader.ts';

/** The first row goes to `first` in the tensors. Returns the rows of the piece that need a closer look. */
export function readPiece(
  { columns, from, to }: ColumnPiece,
  first: number,
  readers: readonly ColumnReader[],
  tensors: readonly ColumnData[],
): Iterable<number> {
  const doubtful = new Set<number>();
  const columnOf = new Map(columns.map((column) => [column.name, column]));
  for (const [n, reader] of readers.entries()) {
    const { width } = reader;
    for (const [at, { field }] of reader.columns.entries()) {
      const { cells, hasMinusZero = false } = columnOf.get(field) ?? NO_COLUMN;
      const read = cellReader(reader, at, tensors[n]!, hasMinusZero ? -0 : 0);
      let index = first * width + at;
      for (let row = from; row < to; row++, index += width)
        if (!read(cells[row], index)) doubtful.add(row - from);
    }
  }
  return doubtful;
}

/** For a column that the file does not have. A record without a field has another error than one with null. */
const NO_COLUMN: Omit<CellColumn, 'name'> = { cells: [] };

/**
 * Returns a function that returns false if the record of the cell's row must be read. `at`: the column. `zero`: added to
 * each number. 0 turns -0 into 0, and -0 changes nothing.
 */
function cellReader(reader: ColumnReader, at: number, data: ColumnData, zero: number) {
  const { otherwise } = reader.columns[at]!;
  return (cell: unknown, index: number): boolean => {
    if (typeof cell === 'number' && Number.isFinite(cell)) {
      return reader.readNumber?.(cell + zero, data, index) ?? false;
    }
    if (typeof cell === 'string') return reader.readText?.(cell, data, index) ?? false;
    if (typeof cell === 'boolean') return reader.readNumber?.(Number(cell), data, index) ?? false;
    const isMissing = cell === null || cell === undefined || typeof cell === 'number';
    if (!isMissing || otherwise === null) return false;
    reader.fill?.(otherwise, data, index);
    return reader.fill !== undefined;
  };
}
