/** A dataset as rows in a total order. They are read lazily, from any cursor, in constant memory. */
import type { BlockSlice, NamedRows } from '../domain/block.ts';
import type { ArchiveSpec, Cursor, TableSpec } from '../domain/dataset-spec.ts';
import type { EarlierRow, EarlierRows } from '../domain/earlier-rows.ts';
import type { RowRef } from '../domain/row.ts';
import type { SkippedCounter } from './skipped-counter.ts';

export interface SourceRow {
  readonly row: RowRef;
  /** Where to continue after this row. */
  readonly cursor: Cursor;
  /** In a delta job. */
  readonly earlier?: EarlierRow;
}

/** Consecutive rows that any process can open again, without a list of them. */
export interface Slice {
  readonly firstRow: number;
  readonly rows: number;
  /** Where the rows are, in a form that only the format of the dataset understands. */
  readonly ref: string;
  /** Identifies the version of the data. Opening the slice fails if the data has changed. */
  readonly check: string;
  /** Where to continue after the slice. */
  readonly cursor: Cursor;
  /** In a delta job. */
  readonly earlier?: EarlierRows;
}

export interface DatasetSource {
  /**
   * The rows after `from`, or all rows for null, in order. When a row is yielded, `skipped` has counted everything that
   * was left out before it. At the end it has counted everything. Throws ForebayError `input_not_found` or
   * `input_unreadable` if reading cannot continue.
   */
  read(from: Cursor | null, signal: AbortSignal, skipped?: SkippedCounter): AsyncIterable<SourceRow>;
  /**
   * The dataset after `from` in slices, for formats that have them. `sizeAt(row)`: rows of the slice that begins with
   * that row, 0 to stop. Only the last slice may be smaller. The cursor of a slice has what was left out before its
   * last row. Throws as `read` does.
   */
  slices?(
    from: Cursor | null,
    sizeAt: (row: number) => number,
    signal: AbortSignal,
    skipped?: SkippedCounter,
  ): AsyncIterable<Slice>;
  /** The ids of a slice's rows. Present if `slices` is. Throws as openSlice does. */
  names?(slice: BlockSlice, signal: AbortSignal): Promise<NamedRows>;
  /** Counts rows up to `limit`, which may be Infinity. Rejects as `read` does. */
  count(limit: number, signal: AbortSignal): Promise<number>;
  /** For a dataset without rows: a sentence on why the user's patterns match none. Null if they are not the cause. */
  whyEmpty?(signal: AbortSignal): Promise<string | null>;
}

/** The location of a row's bytes. `invalid`: the dataset itself shows that the row is bad, and why. */
export type RowLocation =
  | { readonly kind: 'file'; readonly path: string }
  /** `version`: the one that the dataset has listed. */
  | { readonly kind: 'url'; readonly url: string; readonly version?: string }
  | { readonly kind: 'invalid'; readonly reason: string }
  /** A record that came with a request: a JSON object. */
  | { readonly kind: 'record'; readonly path: string; readonly offset: number; readonly length: number }
  /** A row of an archive. `ref`: the reference of a slice with only this row. */
  | { readonly kind: 'archive_row'; readonly archive: ArchiveSpec; readonly ref: string }
  /** A row of a file. `ref`: the reference of a slice with only this row. */
  | { readonly kind: 'table_row'; readonly table: TableSpec; readonly ref: string }
  | { readonly kind: 'blob'; readonly path: string; readonly offset: number; readonly length: number };
