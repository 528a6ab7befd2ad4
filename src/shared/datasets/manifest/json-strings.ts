/** Reads the strings of a JSON array of any size, starting after any of them. Holds one string in memory. */
import { ForebayError } from '../../errors.ts';
import type { ByteFile } from '../bytes/byte-file.ts';

export interface ArrayString {
  /** Its JSON text in UTF-8, with the quotes. Null if it is too long. */
  readonly json: Buffer | null;
  /** The offset of its first byte. */
  readonly start: number;
  /** The offset after it. */
  readonly end: number;
}

const CHUNK = 256 * 1024;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const END = 0x5d;

/**
 * `from`: the offset after an element. Yields strings in batches. Throws ForebayError `input_unreadable` for
 * anything else than strings up to the end of the array, and the errors of reading the file.
 */
export async function* arrayStrings(
  file: ByteFile,
  from: number,
  maxBytes: number,
  signal: AbortSignal,
): AsyncGenerator<ArrayString[]> {
  const refuse = (at: number, why: string) =>
    new ForebayError(
      'input_unreadable',
      `${file.name} is not a list of strings in JSON: at byte ${at}, ${why}.`,
    );
  const buffer = Buffer.allocUnsafe(CHUNK);
  /** What must come next: a comma or the end of the array, a string, the rest of a string, or nothing. */
  let state: 'separator' | 'value' | 'string' | 'done' = 'separator';
  let start = 0;
  /** The string so far, as far as earlier chunks have it. */
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let isEscaped = false;
  for (let base = from; ;) {
    signal.throwIfAborted();
    const filled = await file.read(buffer, base, signal);
    const found: ArrayString[] = [];
    for (let at = 0; at < filled;) {
      if (state === 'string') {
        const first = at;
        while (at < filled && (isEscaped || buffer[at] !== QUOTE)) {
          isEscaped = !isEscaped && buffer[at] === BACKSLASH;
          at += 1;
        }
        const isClosed = at < filled;
        if (isClosed) at += 1;
        keptBytes += at - first;
        if (keptBytes <= maxBytes) kept.push(Buffer.from(buffer.subarray(first, at)));
        else kept = [];
        if (!isClosed) continue;
        found.push({ json: keptBytes <= maxBytes ? Buffer.concat(kept) : null, start, end: base + at });
        state = 'separator';
        continue;
      }
      const byte = buffer[at]!;
      if (isSpace(byte)) {
        at += 1;
      } else if (state === 'separator' && (byte === COMMA || byte === END)) {
        state = byte === COMMA ? 'value' : 'done';
        at += 1;
      } else if (state === 'value' && byte === QUOTE) {
        state = 'string';
        start = base + at;
        kept = [Buffer.from('"')];
        keptBytes = 1;
        at += 1;
      } else {
        throw refuse(base + at, EXPECTED[state]);
      }
    }
    if (found.length > 0) yield found;
    if (filled === 0) {
      if (state === 'done') return;
      throw refuse(base, 'it is cut off');
    }
    base += filled;
  }
}

const EXPECTED = {
  separator: 'a comma or "]" is missing',
  value: 'an element is not a string',
  done: 'there is something after the list',
};

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
