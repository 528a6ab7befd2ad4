/** Reads the lines of a JSONL file, from any offset. Skips blank lines. */
import { isBlank, rawLines, type LineRange, type NumberedLine } from '../lines/raw-lines.ts';

/** A longer line is an error row. It is read past, but never held. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** Yields batches of lines. Throws as `rawLines` does. */
export async function* recordLines(
  path: string,
  range: LineRange,
  signal: AbortSignal,
): AsyncGenerator<NumberedLine[]> {
  for await (const lines of rawLines(path, range, MAX_RECORD_BYTES, signal)) {
    yield lines.filter((line) => !isBlank(line));
  }
}
