/** The rows of a block one by one, with the result of each as JSON text or its error. */
import { rowCount, rowId, rowIndex, type NamedRows } from '../../domain/block.ts';
import type { Outcomes } from '../../domain/outcomes.ts';
import type { RowError } from '../../domain/row.ts';
import { InvariantError } from '../../errors.ts';

export interface FinishedRow {
  readonly index: number;
  readonly id: string;
  /** The task's fields as JSON text without braces. Empty if the row failed. */
  readonly result: string;
  readonly error: RowError | null;
}

/** `outcomes`: those of all rows, in order. Throws InvariantError if there are more or fewer. */
export function* finishedRows(
  rows: NamedRows,
  outcomes: readonly Outcomes[],
): Generator<FinishedRow, void, undefined> {
  const count = outcomes.reduce((sum, { ends }) => sum + ends.length, 0);
  if (count !== rowCount(rows)) throw new InvariantError(`${rowCount(rows)} rows have ${count} outcomes`);
  let row = 0;
  for (const { results, start, ends, errors } of outcomes) {
    const bytes = Buffer.from(results.buffer, results.byteOffset, results.length);
    let nextBad = 0;
    let from = start;
    for (let at = 0; at < ends.length; at++, row++) {
      const end = ends[at]!;
      const error = errors[nextBad]?.at === at ? errors[nextBad++]!.error : null;
      const result = error === null ? bytes.toString('utf8', from, end) : '';
      yield { index: rowIndex(rows, row), id: rowId(rows, row), result, error };
      from = end;
    }
  }
}
