/** The error of a row that is not computed because its content has not changed. It stays inside the worker. */
import type { RowError } from './row.ts';

export const UNCHANGED: RowError = { code: 'invalid_row', message: 'unchanged' };

/** How many of the rows have really failed. */
export function countFailures(errors: readonly { readonly error: RowError }[]): number {
  return errors.filter(
    ({ error: { code, message } }) => code !== UNCHANGED.code || message !== UNCHANGED.message,
  ).length;
}
