/** A dataset: a total order of rows, enumerated lazily from any cursor in constant memory. */
import type { Cursor } from '../domain/dataset-spec.ts';
import type { RowRef } from '../domain/row.ts';
import type { SkippedCounter } from './skipped-counter.ts';

export interface SourceRow {
  readonly row: RowRef;
  /** Where to go on after this row. */
  readonly cursor: Cursor;
}

export interface DatasetSource {
  /**
   * Rows after `from` (null: from the start), in the dataset's order. What is left out before a row, or behind the
   * last one, is in `tally` when the row, or the end, is given out.
   * Throws ForebayError `input_not_found`, `input_unreadable` when enumeration itself cannot go on.
   */
  read(from: Cursor | null, signal: AbortSignal, tally?: SkippedCounter): AsyncIterable<SourceRow>;
  /** Counts rows up to `limit` (Infinity: all) without building them; rejects as `read` does. */
  count(limit: number, signal: AbortSignal): Promise<number>;
  /** For a dataset without a row: which choice of the user may be the cause, in a sentence; null: none that is known. */
  whyEmpty?(signal: AbortSignal): Promise<string | null>;
}

/** Where a row's bytes really are; `invalid`: the dataset itself says that the row is bad, and why. */
export type RowLocation =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'blob'; readonly path: string; readonly offset: number; readonly length: number };
