/** The value of `RowRef.at` for an unreadable row. It is the same for every format. */
import type { RowRef } from '../domain/row.ts';

const INVALID = 'invalid:';

/** Why a row whose file name is not UTF-8 is invalid. A retry compares it with the message in an errors file. */
export const BAD_NAME = 'the file name is not valid UTF-8. Rename the file';

/** A row with this `at` fails with `invalid_row`. */
export function invalidAt(reason: string): string {
  return INVALID + reason;
}

/** Null for a row that may be readable. */
export function invalidReason({ at }: RowRef): string | null {
  return at?.startsWith(INVALID) === true ? at.slice(INVALID.length) : null;
}
