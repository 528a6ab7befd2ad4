/** Collects the ids of a block's rows while its slice is read. */
import type { NamedRows } from '../domain/block.ts';
import type { RowRef } from '../domain/row.ts';
import type { SliceRows } from './slice-rows.ts';

export interface NameList {
  add(rows: Pick<SliceRows, 'count' | 'ids'>): void;
  /** After the last `add`. */
  end(): NamedRows;
}

/** Makes no object per row as long as the ids are the indexes. */
export function createNameList(firstRow: number): NameList {
  let count = 0;
  let listed: RowRef[] | null = null;
  const numbered = (from: number, rows: number) =>
    Array.from({ length: rows }, (_, i): RowRef => ({ id: String(firstRow + from + i) }));

  return {
    add({ count: rows, ids }) {
      if (ids !== null) listed ??= numbered(0, count);
      if (listed !== null) {
        const more = ids === null ? numbered(count, rows) : ids.map((id): RowRef => ({ id }));
        for (const row of more) listed.push(row);
      }
      count += rows;
    },
    end: () => (listed === null ? { firstRow, count } : { firstRow, rows: listed }),
  };
}
