/**
 * Consecutive lines in one buffer. Counting them creates no object per line, because a file may have millions of
 * short ones.
 */
import { isAscii, isUtf8 } from 'node:buffer';

/** `too_long`: the line was not kept in memory. */
export type LineProblem = 'too_long' | 'not_utf8';

export type LineText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: LineProblem };

export interface Lines {
  readonly count: number;
  /** The line's number in the file, from 1. */
  number(at: number): number;
  /** The offset in the file of its first byte. */
  start(at: number): number;
  /** The offset in the file of the next line. */
  end(at: number): number;
  /** Without the line break, but with a CR before it. Null if the line is too long. */
  bytes(at: number): Buffer | null;
  /** The same bytes as text. */
  text(at: number): LineText;
  /** Whether it has only white space. */
  isBlank(at: number): boolean;
}

export interface GrowingLines extends Lines {
  /** Adds a line that ends at `stop`. The line after it begins at `next`. Both are offsets in the buffer. */
  add(stop: number, next: number): void;
  /** Where the next line begins in the buffer. */
  readonly next: number;
}

const TOO_LONG = { ok: false, problem: 'too_long' } as const;
const NOT_UTF8 = { ok: false, problem: 'not_utf8' } as const;

export function createLines(options: {
  readonly view: Buffer;
  /** Offset in the file of the buffer's first byte. */
  readonly base: number;
  /** Number of the first line. */
  readonly first: number;
  /** Where the first line begins in the buffer. */
  readonly from: number;
  /** The offset in the file where the first line begins, if it is too long and the buffer has only its end. Else null. */
  readonly longStart: number | null;
  readonly maxBytes: number;
}): GrowingLines {
  const { view, base, first, from, longStart, maxBytes } = options;
  const stops: number[] = [];
  const nexts: number[] = [];
  /** All lines as one text. Null if they are not ASCII. Undefined until a text is asked for. */
  let ascii: string | null | undefined;

  const startIn = (at: number) => (at === 0 ? from : nexts[at - 1]!);

  function isTooLong(at: number): boolean {
    return (at === 0 && longStart !== null) || stops[at]! - startIn(at) > maxBytes;
  }

  function asciiText(): string | null {
    const all = view.subarray(from, stops.at(-1));
    return isAscii(all) ? all.toString('latin1') : null;
  }

  return {
    get count() {
      return stops.length;
    },
    get next() {
      return startIn(stops.length);
    },
    add(stop, next) {
      stops.push(stop);
      nexts.push(next);
    },
    number: (at) => first + at,
    start: (at) => (at === 0 && longStart !== null ? longStart : base + startIn(at)),
    end: (at) => base + nexts[at]!,
    bytes: (at) => (isTooLong(at) ? null : view.subarray(startIn(at), stops[at])),
    text(at) {
      if (isTooLong(at)) return TOO_LONG;
      if (ascii === undefined) ascii = asciiText();
      if (ascii !== null) return { ok: true, text: ascii.slice(startIn(at) - from, stops[at]! - from) };
      const bytes = view.subarray(startIn(at), stops[at]);
      return isUtf8(bytes) ? { ok: true, text: bytes.toString('utf8') } : NOT_UTF8;
    },
    isBlank(at) {
      if (isTooLong(at)) return false;
      for (let i = startIn(at); i < stops[at]!; i++) {
        const byte = view[i]!;
        if (byte > 32 || (byte < 32 && (byte < 9 || byte > 13))) return false;
      }
      return true;
    },
  };
}
