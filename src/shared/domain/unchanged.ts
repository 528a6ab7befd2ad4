/** The error of a row that is not computed because its content has not changed. It stays inside the worker. */
import type { RowError } from './row.ts';

export const UNCHANGED: RowError = { code: 'invalid_row', message: 'unchanged' };

/** Compares by value, because lanes are other processes. */
export function isUnchanged({ code, message }: RowError): boolean {
  return code === UNCHANGED.code && message === UNCHANGED.message;
}

/** How many of the rows have really failed. */
export function countFailures(errors: readonly { readonly error: RowError }[]): number {
  return errors.filter(({ error }) => !isUnchanged(error)).length;
}
