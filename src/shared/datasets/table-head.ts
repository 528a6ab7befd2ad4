/** What the beginning of a table says about all of it. */
import type { Columns } from '../domain/columns.ts';
import type { TableSpec } from '../domain/dataset-spec.ts';
import type { RowFields } from '../tasks/row-fields.ts';
import type { ByteFile } from './bytes/byte-file.ts';
import { readCsvHead } from './csv/csv-head.ts';
import { readJsonlHead } from './jsonl/jsonl-head.ts';
import { readParquetHead } from './parquet/parquet-head.ts';
import type { Holds } from './table/column-holds.ts';

type SpecOf<Spec> = Spec extends TableSpec
  ? Omit<Spec, 'path' | 'base' | 'columns' | 'parts' | 'needs'>
  : never;

export interface TableHead {
  /** What the dataset's spec says besides the path of the file and the names of its columns. */
  readonly spec: SpecOf<TableSpec>;
  /**
   * Names of its columns. Null: unknown, because the first rows are bad, there are none, or only the beginning was
   * read.
   */
  readonly columns: readonly string[] | null;
  /** True if every row has these columns. False if they were read from the first rows only. */
  readonly isStrict: boolean;
  /** What a column holds. Null: several kinds of values. Absent: nothing is known. */
  readonly holds?: (column: string) => Holds | null;
}

/** A table as a request describes it. */
export interface GivenTable {
  readonly type: TableSpec['type'];
  /** Of a CSV file. Absent: its header tells. */
  readonly delimiter?: string | undefined;
  readonly columns?: Columns | undefined;
}

/** Throws ForebayError `input_unreadable` if the file is not such a table. `fields`: what the model reads. */
export async function readTableHead(
  file: ByteFile,
  table: GivenTable,
  fields: RowFields,
  signal: AbortSignal,
): Promise<TableHead> {
  switch (table.type) {
    case 'jsonl':
      return readJsonlHead(file, signal);
    case 'csv':
      return readCsvHead(file, table, fields, signal);
    case 'parquet':
      return readParquetHead(file, { columns: table.columns, fields: fields.names }, signal);
  }
}
