/** A page of the rows that pass a filter. */
import type { ErrorRow, ResultRow } from '../../src/api/http/wire/row.ts';
import { passes, type RowFilter } from './marks.ts';

type Row = ResultRow | ErrorRow;

export interface RowPage<R extends Row> {
  readonly rows: readonly R[];
  /** How many rows were read to find them. */
  readonly looked: number;
  /** Where the next page starts. Null if the rows have ended. */
  readonly next: number | null;
}

/** Ends the request after `page` rows, or once it has looked at `mostLooked`. */
export async function takeRows<R extends Row>(
  open: (signal: AbortSignal) => AsyncGenerator<R, void, undefined>,
  filter: RowFilter,
  page: number,
  mostLooked: number,
): Promise<RowPage<R>> {
  const stop = new AbortController();
  const rows: R[] = [];
  let looked = 0;
  try {
    for await (const row of open(stop.signal)) {
      looked += 1;
      if (passes(row, filter)) rows.push(row);
      if (rows.length >= page || looked >= mostLooked) return { rows, looked, next: row.index + 1 };
    }
  } finally {
    stop.abort();
  }
  return { rows, looked, next: null };
}
