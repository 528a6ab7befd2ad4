/** Reads the short lines of a list, from any offset. */
import type { ByteFile } from '../bytes/byte-file.ts';
import { rawLines } from './raw-lines.ts';

export const MAX_LINE_BYTES = 64 * 1024;

export interface Line {
  /** Without LF or CRLF; null if it is too long. Valid until the next batch. */
  readonly bytes: Buffer | null;
  /** The offset of its first byte. */
  readonly start: number;
  /** The offset of the next line. */
  readonly end: number;
}

/** Yields the lines that are not blank, in batches. Throws as `rawLines` does. */
export async function* readLines(file: ByteFile, from: number, signal: AbortSignal): AsyncGenerator<Line[]> {
  for await (const lines of rawLines(file, { from, to: null, line: 1 }, MAX_LINE_BYTES, signal)) {
    const found: Line[] = [];
    for (let at = 0; at < lines.count; at++) {
      if (lines.isBlank(at)) continue;
      found.push({ bytes: withoutReturn(lines.bytes(at)), start: lines.start(at), end: lines.end(at) });
    }
    yield found;
  }
}

function withoutReturn(bytes: Buffer | null): Buffer | null {
  return bytes?.at(-1) === 13 ? bytes.subarray(0, -1) : bytes;
}
