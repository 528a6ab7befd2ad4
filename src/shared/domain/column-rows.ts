/**
 * Consecutive rows of a table as columns, from the file to the lane. The counterpart of PackedRecords for formats that
 * have columns. A column of numbers is one array, so its numbers need not become text on the way.
 */

export interface CellColumn {
  /** The field of the records that it stands for. */
  readonly name: string;
  /** One value per row: of JSON, or a bigint, bytes, or an array of numbers. NaN and infinity stand for null. */
  readonly cells: ArrayLike<unknown>;
  /** Whether -0 is the value that a record would have. Absent: it stands for 0. */
  readonly hasMinusZero?: true;
}

/** Some rows of a chunk: those from `from` to before `to`. */
export interface ColumnPiece {
  readonly columns: readonly CellColumn[];
  readonly from: number;
  readonly to: number;
}

export class ColumnRows {
  /** Rows of one batch may come from files with other columns. */
  readonly pieces: readonly ColumnPiece[];
  readonly length: number;

  constructor(pieces: readonly ColumnPiece[]) {
    this.pieces = pieces;
    this.length = pieces.reduce((rows, { from, to }) => rows + to - from, 0);
  }

  static of(columns: readonly CellColumn[], rows: number): ColumnRows {
    return new ColumnRows([{ columns, from: 0, to: rows }]);
  }

  /** Copies nothing. */
  static join(parts: readonly ColumnRows[]): ColumnRows {
    return parts.length === 1 ? parts[0]! : new ColumnRows(parts.flatMap(({ pieces }) => pieces));
  }

  /** The rows from `first` to before `end`. Copies nothing. */
  slice(first: number, end = this.length): ColumnRows {
    const pieces: ColumnPiece[] = [];
    let before = 0;
    for (const { columns, from, to } of this.pieces) {
      const [low, high] = [Math.max(from, from + first - before), Math.min(to, from + end - before)];
      if (low < high) pieces.push({ columns, from: low, to: high });
      before += to - from;
    }
    return new ColumnRows(pieces);
  }
}
