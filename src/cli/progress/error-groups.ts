/** The error rows of a job by code, with the first row of each. Keeps one row per code in memory. */
import type { ErrorRow } from '../../api/http/wire/row.ts';
import type { ErrorGroup } from './summary-text.ts';

/**
 * The most frequent code comes first. `counts`: the rows by code as the service has counted them. Then `rows` is read only
 * up to the first row of the last code.
 */
export async function groupErrors(
  rows: AsyncIterable<ErrorRow>,
  counts: Readonly<Record<string, number>> | null = null,
): Promise<ErrorGroup[]> {
  const groups = new Map<string, ErrorGroup>();
  for await (const { id, error } of rows) {
    const group = groups.get(error.code);
    const first = group?.first ?? { id, message: error.message };
    const counted = counts?.[error.code] ?? (group?.rows ?? 0) + 1;
    groups.set(error.code, { code: error.code, rows: counted, first });
    if (counts !== null && Object.keys(counts).every((code) => groups.has(code))) break;
  }
  return [...groups.values()].toSorted((a, b) => b.rows - a.rows);
}
