/**
 * Reads the columns of a batch into its tensors, column by column. A row with a value that needs a closer look is read
 * again as a record, so both ways give the same numbers and the same errors.
 */
import { ColumnRows } from '../../../../shared/domain/column-rows.ts';
import type { RowError } from '../../../../shared/domain/row.ts';
import { recordsOf } from '../../../../shared/rows/column-records.ts';
import type { FeatureRows } from './feature-rows.ts';
import { readJson } from './records-reader.ts';

/** Returns the error of each bad row, and null for the others. */
export function readColumns(rows: FeatureRows, columns: ColumnRows): (RowError | null)[] {
  const errors = Array<RowError | null>(columns.length).fill(null);
  let first = 0;
  for (const piece of columns.pieces) {
    for (const at of rows.readPiece(piece, first)) {
      const row = new ColumnRows([{ ...piece, from: piece.from + at, to: piece.from + at + 1 }]);
      errors[first + at] = readJson(rows, first + at, recordsOf(row).json(0));
    }
    first += piece.to - piece.from;
  }
  return errors;
}
