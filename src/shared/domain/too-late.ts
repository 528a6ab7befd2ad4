/** The error of an online row that is not computed, because its deadline has passed or its caller has gone. */
import type { RowError } from './row.ts';

export const TOO_LATE: RowError = {
  code: 'deadline_passed',
  message: 'the deadline of the request has passed, so the row was not computed',
};
