/** Counts the lines of a file that are not blank. */
import type { ByteFile } from '../bytes/byte-file.ts';
import { rawLines, WHOLE_FILE } from './raw-lines.ts';

/**
 * Counts up to `limit`. A line of more than `maxBytes` is not held in memory, and counts as not blank. Throws as
 * `rawLines` does.
 */
export async function countLines(
  file: ByteFile,
  limit: number,
  maxBytes: number,
  signal: AbortSignal,
): Promise<number> {
  let rows = 0;
  if (limit <= 0) return 0;
  for await (const lines of rawLines(file, WHOLE_FILE, maxBytes, signal)) {
    for (let at = 0; at < lines.count; at++) {
      if (!lines.isBlank(at) && ++rows >= limit) return rows;
    }
  }
  return rows;
}
