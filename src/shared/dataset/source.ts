/** A dataset: a total order of rows, enumerated lazily from any cursor in constant memory. */
import type { Cursor } from '../domain/dataset-spec.ts';
import type { RowRef } from '../domain/row.ts';

export interface SourceRow {
  readonly row: RowRef;
  /** Where to go on after this row. */
  readonly cursor: Cursor;
}

export interface DatasetSource {
  /**
   * Rows after `from` (null: from the start), in the dataset's order.
   * Throws ForebayError `input_not_found`, `input_unreadable` when enumeration itself cannot go on.
   */
  read(from: Cursor | null, signal: AbortSignal): AsyncIterable<SourceRow>;
  /** Counts rows up to `limit` (Infinity: all) without building them; rejects as `read` does. */
  count(limit: number, signal: AbortSignal): Promise<number>;
}

/** Where a row's bytes really are; `invalid`: the dataset itself says that the row is bad, and why. */
export type RowLocation =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'blob'; readonly path: string; readonly offset: number; readonly length: number };
