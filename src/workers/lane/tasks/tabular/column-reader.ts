/** Reads the values of one input's columns from records, straight into the input's tensor. */
import type { RowError } from '../../../../shared/domain/row.ts';
import type { GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { Fields } from '../record.ts';
import type { TensorValues } from '../tensors.ts';

/** The values of a batch for one input. */
export type ColumnData = Exclude<TensorValues, readonly string[]> | string[];

export interface ColumnReader<Data extends ColumnData = ColumnData> {
  readonly input: GraphTensor;
  /** Features per row. */
  readonly width: number;
  readonly columns: readonly ReadColumn[];
  allocate(rows: number): Data;
  /** Reads one row. Its first value goes to `offset`. */
  read(record: Fields, data: Data, offset: number): RowError | null;
  /**
   * Puts a number into the tensor at `index`. Returns false if `read` must judge it. Absent: the columns
   * do not take numbers.
   */
  readNumber?(value: number, data: Data, index: number): boolean;
  /** The same for a text. Absent: the columns do not take texts. */
  readText?(value: string, data: Data, index: number): boolean;
  /** Puts what takes the place of a missing value into the tensor. Absent: missing values have no rule. */
  fill?(otherwise: number, data: Data, index: number): void;
  /** What its columns take, such as "a number". */
  readonly needs: string;
  /** Whether this number, or NaN, may take the place of a missing value. */
  accepts(value: number): boolean;
  /** A value that a model probably takes. Round 0 is the plainest one. */
  madeUp(round: number): number | string;
}

/** A column of one input, as its reader needs it. */
export interface ReadColumn {
  readonly name: string;
  /** The record's field. */
  readonly field: string;
  /** Takes the place of a missing value. Null: the row fails. */
  readonly otherwise: number | null;
}
