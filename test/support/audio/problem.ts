// Errors of rows in tests.
import { ForebayError } from '#forebay/shared/errors.js';

/** The error of a row that `work` throws. Any other exception is thrown again. */
export function problemOf(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ForebayError)) throw error;
    return { code: error.code, message: error.message };
  }
  return { code: 'ok', message: '' };
}
