/** Counts the rows of a text file. */
import type { ByteFile } from '../bytes/byte-file.ts';
import type { LinePlaces } from './lines.ts';
import { rawLines, WHOLE_FILE } from './raw-lines.ts';

/**
 * Counts the lines that are not blank, up to `limit`. A line of more than `maxBytes` is not held in memory, and counts as
 * not blank. Throws as `rawLines` does.
 */
export async function countLines(
  file: ByteFile,
  limit: number,
  maxBytes: number,
  signal: AbortSignal,
): Promise<number> {
  return countPlaces(rawLines(file, WHOLE_FILE, maxBytes, signal), limit);
}

/** The same for lines that have been found. */
export async function countPlaces(batches: AsyncIterable<LinePlaces>, limit: number): Promise<number> {
  let rows = 0;
  if (limit <= 0) return 0;
  for await (const lines of batches) {
    for (let at = 0; at < lines.count; at++) {
      if (!lines.isBlank(at) && ++rows >= limit) return rows;
    }
  }
  return rows;
}
