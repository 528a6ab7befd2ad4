/** Puts the joined values of a row together. */
import type { Join } from '../../domain/join.ts';
import { IS_BEYOND_DOUBLE } from '../../text/lost-number.ts';
import { lostNumberIn } from '../../text/lost-number-text.ts';

/**
 * `valueOf`: the JSON of a column. Returns a JSON object with the names of the output. Or a JSON string that says why the
 * values cannot go there: many readers refuse a whole part for a number that exceeds a double.
 */
export function joinedRecord(join: Join, valueOf: (column: string) => string): string {
  const members: string[] = [];
  for (const { column, name } of join) {
    const value = valueOf(column);
    const lost = lostNumberIn(value);
    if (lost !== null) {
      return JSON.stringify(
        `the joined column ${JSON.stringify(column)} has ${lost}, which ${IS_BEYOND_DOUBLE}`,
      );
    }
    members.push(`${JSON.stringify(name)}:${value}`);
  }
  return `{${members.join(',')}}`;
}
