/**
 * Rows. Each is one input, and ends as one result or one error. Redis holds a reference to a row, never its payload.
 */
import type { ErrorCode } from '../errors.ts';

/**
 * Where a row's bytes are.
 * `id`: a stable name. For files, it is the path relative to the dataset's root, with `/`.
 * `at`: a locator, whose meaning depends on the dataset (see datasets/locate.ts). Absent if the id gives the location.
 * `index`: the row's number in the output, if that differs from its position in the dataset. A retry keeps the numbers.
 */
export interface RowRef {
  readonly id: string;
  readonly at?: string | undefined;
  readonly index?: number | undefined;
}

export interface RowError {
  readonly code: ErrorCode;
  readonly message: string;
}

/**
 * How a row ended. `result`: the task's fields as JSON text without braces (`"predictions":[...]`). The lane makes this
 * text, so that the main thread only has to join it.
 */
export type RowOutcome =
  | { readonly ok: true; readonly result: string }
  | { readonly ok: false; readonly error: RowError };

export type FailedOutcome = RowOutcome & { readonly ok: false };
