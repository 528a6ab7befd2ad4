/** Counts error rows by code. Keeps one row per code in memory. */
import type { ErrorRow } from '../../api/http/wire/row.ts';
import type { ErrorGroup } from './summary-text.ts';

/** The most frequent code comes first. */
export async function groupErrors(rows: AsyncIterable<ErrorRow>): Promise<ErrorGroup[]> {
  const groups = new Map<string, ErrorGroup>();
  for await (const { id, error } of rows) {
    const group = groups.get(error.code);
    const first = group?.first ?? { id, message: error.message };
    groups.set(error.code, { code: error.code, rows: (group?.rows ?? 0) + 1, first });
  }
  return [...groups.values()].toSorted((a, b) => b.rows - a.rows);
}
