/**
 * Rows: one input each, ending as one result or one error. A row's payload never travels through Redis;
 * what does is its reference.
 */
import type { ErrorCode } from '../errors.ts';

/**
 * Where a row's bytes are.
 * `id`: stable name (for files: path relative to the dataset's root, with `/`).
 * `at`: locator, interpreted together with the dataset (see datasets/locate.ts); absent where the id says it.
 * `index`: its number in the output where that is not its position in the dataset (a retry's rows keep theirs).
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
 * How a row ended. `result` is JSON text of the task's fields without braces
 * (`"predictions":[...]`), made in the lane so that the main thread only concatenates.
 */
export type RowOutcome =
  | { readonly ok: true; readonly result: string }
  | { readonly ok: false; readonly error: RowError };

/** One line of a part: `{"index","id",...result}`. */
export function resultLine(index: number, id: string, result: string): string {
  return `{"index":${index},"id":${JSON.stringify(id)},${result}}\n`;
}

/** One line of an errors file: `{"index","id","error":{"code","message"}}`. */
export function errorLine(index: number, id: string, error: RowError): string {
  return `${JSON.stringify({ index, id, error: { code: error.code, message: error.message } })}\n`;
}
