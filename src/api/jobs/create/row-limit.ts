/** How many rows one job may have, and what is said of one that has more. Knows neither HTTP nor datasets. */
import { ForebayError } from '../../../shared/errors.ts';

/** `rows`: of the job, as far as known. `more`: there may be more of them. `maxRows`, `null`: no limit. Null: within it. */
export function rowLimitProblem(rows: number, maxRows: number | null, more = ''): string | null {
  if (maxRows === null || rows <= maxRows) return null;
  return (
    `The job has ${rows} rows${more}; a job of this service takes at most ${maxRows} (FOREBAY_MAX_ROWS). ` +
    'Submit the input in parts, or only its first rows by options.limit.'
  );
}

/** ForebayError `too_many_rows`. */
export function checkRowLimit(...job: Parameters<typeof rowLimitProblem>): void {
  const problem = rowLimitProblem(...job);
  if (problem !== null) throw new ForebayError('too_many_rows', problem);
}
