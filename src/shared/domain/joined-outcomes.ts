/** Adds joined values to the results of rows. From there on, a sink treats them as it treats other fields. */
import type { FailedRow, Outcomes } from './outcomes.ts';
import type { PackedRecords } from './packed-records.ts';
import type { RowError } from './row.ts';

const COMMA = 0x2c;
const QUOTE = 0x22;
/** The braces of a record. */
const BRACES = 2;

/**
 * `joined`: a compact JSON object per row, or nothing for a row without values. A JSON string instead says why the values
 * cannot be joined, and the row fails. So does one whose values have more than `maxBytes`.
 */
export function withJoined(
  outcomes: readonly Outcomes[],
  joined: PackedRecords,
  maxBytes: number,
): Outcomes[] {
  let row = 0;
  return outcomes.map((part) => {
    const found = joinPart(part, joined, row, maxBytes);
    row += part.ends.length;
    return found;
  });
}

function joinPart(part: Outcomes, joined: PackedRecords, first: number, maxBytes: number): Outcomes {
  const rows = part.ends.length;
  if (rows === 0) return part;
  const size = part.ends.at(-1)! - part.start + joined.ends[first + rows - 1]! - joined.startOf(first);
  const results = Buffer.allocUnsafe(size + rows);
  const ends = new Uint32Array(rows);
  const errors: FailedRow[] = [];
  let nextBad = 0;
  let from = part.start;
  let end = 0;
  for (let at = 0; at < rows; at++) {
    const to = part.ends[at]!;
    const valuesFrom = joined.startOf(first + at) + 1;
    const values = Math.max(0, joined.ends[first + at]! - valuesFrom - 1);
    if (part.errors[nextBad]?.at === at) errors.push(part.errors[nextBad++]!);
    else if (joined.bytes[valuesFrom - 1] === QUOTE && values > 0) {
      errors.push({
        at,
        error: { code: 'join_failed', message: JSON.parse(joined.json(first + at)) as string },
      });
    } else if (values > maxBytes) errors.push({ at, error: tooLarge(values, maxBytes) });
    else {
      results.set(part.results.subarray(from, to), end);
      end += to - from;
      if (to > from && values > 0) results[end++] = COMMA;
      joined.bytes.copy(results, end, valuesFrom, valuesFrom + values);
      end += values;
    }
    from = to;
    ends[at] = end;
  }
  return { ...part, results: results.subarray(0, end), start: 0, ends, errors };
}

function tooLarge(bytes: number, maxBytes: number): RowError {
  return {
    code: 'join_failed',
    message:
      `the joined columns of the row have ${bytes + BRACES} bytes as JSON, and the limit is ${maxBytes}. ` +
      'Join fewer columns, or use smaller blocks (block_rows): the rows of a block share 256 MB',
  };
}
