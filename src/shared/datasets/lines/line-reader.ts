/** Reads the lines of a list, from any offset. They are short. */
import { rawLines, type Line } from './raw-lines.ts';

export const MAX_LINE_BYTES = 64 * 1024;

/** Yields batches of lines without LF or CRLF, including blank ones. Throws as `rawLines` does. */
export async function* readLines(path: string, from: number, signal: AbortSignal): AsyncGenerator<Line[]> {
  for await (const lines of rawLines(path, { from, to: null, line: 1 }, MAX_LINE_BYTES, signal)) {
    yield lines.map(withoutReturn);
  }
}

function withoutReturn(line: Line): Line {
  const { bytes, start, end } = line;
  return bytes?.at(-1) === 13 ? { bytes: bytes.subarray(0, -1), start, end } : line;
}
