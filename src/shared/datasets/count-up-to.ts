/** Counts rows by reading them. */

/** Stops at `limit`, which may be Infinity. Reads nothing if it is 0. */
export async function countUpTo(limit: number, rows: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  if (limit <= 0) return 0;
  for await (const _ of rows) if (++count >= limit) break;
  return count;
}
