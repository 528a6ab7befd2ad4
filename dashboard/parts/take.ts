/** The first rows of a stream. */

/** Ends the request after `most` rows. */
export async function take<T>(
  most: number,
  open: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
): Promise<T[]> {
  const stop = new AbortController();
  const rows: T[] = [];
  try {
    for await (const row of open(stop.signal)) {
      rows.push(row);
      if (rows.length >= most) break;
    }
  } finally {
    stop.abort();
  }
  return rows;
}
