// Catches the error of a row.
import { ForebayError } from '#forebay/shared/errors.js';

/** Returns the ForebayError that `work` throws, or the code `ok` if it throws none. Rethrows any other exception. */
export function problemOf(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ForebayError)) throw error;
    return { code: error.code, message: error.message };
  }
  return { code: 'ok', message: '' };
}
