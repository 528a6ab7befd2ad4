/** The limit on the rows of one job, and the message for a job that has more. */
import { ForebayError } from '../../../shared/errors.ts';

/**
 * `rows`: the job's number of rows, as far as known. `maxRows`: null for no limit. `more`: text that mentions possible
 * further rows. Returns null within the limit.
 */
export function rowLimitProblem(rows: number, maxRows: number | null, more = ''): string | null {
  if (maxRows === null || rows <= maxRows) return null;
  return (
    `The job has ${rows} rows${more}. One job of this service may have at most ${maxRows} (FOREBAY_MAX_ROWS). ` +
    'Submit the input in parts, or only its first rows with options.limit.'
  );
}

/** Throws ForebayError `too_many_rows`. */
export function checkRowLimit(...job: Parameters<typeof rowLimitProblem>): void {
  const problem = rowLimitProblem(...job);
  if (problem !== null) throw new ForebayError('too_many_rows', problem);
}
