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

/** Where the rows of a buffer are in the file. Each takes one line or more. */
export interface LinePlaces {
  readonly count: number;
  /** The line's number in the file, from 1. */
  number(at: number): number;
  /** How many lines of the file it takes: 1, or more where a quoted value has line breaks. */
  height(at: number): number;
  /** The offset in the file of its first byte. */
  start(at: number): number;
  /** The offset in the file of the next line. */
  end(at: number): number;
  /** Whether it has only white space. */
  isBlank(at: number): boolean;
}

export interface Lines extends LinePlaces {
  /** Without the line break, but with a CR before it. Null if the line is too long. */
  bytes(at: number): Buffer | null;
  /** The same bytes as text. */
  text(at: number): LineText;
  /** The lines that are not blank, in a buffer that nobody changes. Null if one of them is too long. */
  copy(): LineCopy | null;
  /** Call it once nobody has the copy any more, or not at all. The memory is then used again. */
  readonly recycle: () => void;
}

export interface LineCopy {
  /** With line breaks. */
  readonly bytes: Buffer;
  /** Where each line ends in `bytes`. */
  readonly ends: Uint32Array;
  /** Which line each of them is. */
  readonly at: Uint32Array;
}

/** Where lines begin in a buffer. Its memory is used again for the next buffer. */
export class LineStarts {
  #starts = new Uint32Array(1024);
  count = 0;

  at(line: number): number {
    return this.#starts[line]!;
  }

  add(start: number): void {
    if (this.count === this.#starts.length) {
      const larger = new Uint32Array(this.count * 2);
      larger.set(this.#starts);
      this.#starts = larger;
    }
    this.#starts[this.count++] = start;
  }
}

const TOO_LONG = { ok: false, problem: 'too_long' } as const;
const NOT_UTF8 = { ok: false, problem: 'not_utf8' } as const;

/** Describes the lines of a buffer. They are valid until `starts` is used for another one. */
export function createLines(options: {
  readonly view: Buffer;
  /** Offset in the file of the buffer's first byte. */
  readonly base: number;
  /** Number of the first line. */
  readonly first: number;
  /** Where each line begins in the buffer, and where the line after the last one would. */
  readonly starts: LineStarts;
  /** Whether the last line lacks a line break. */
  readonly isOpen: boolean;
  /** The offset in the file where the first line begins, if it is too long and the buffer has only its end. Else null. */
  readonly longStart: number | null;
  readonly maxBytes: number;
  /** Null if the buffer changes after the lines. Else it stays as it is until this is called. */
  readonly recycle: (() => void) | null;
}): Lines {
  const { view, base, first, starts, isOpen, longStart, maxBytes, recycle } = options;
  const count = starts.count - 1;
  /** All lines as one text. Null if they are not ASCII. Undefined until a text is asked for. */
  let ascii: string | null | undefined;

  const startIn = (at: number) => starts.at(at);
  const stopIn = (at: number) => starts.at(at + 1) - (isOpen && at === count - 1 ? 0 : 1);

  function isTooLong(at: number): boolean {
    return (at === 0 && longStart !== null) || stopIn(at) - startIn(at) > maxBytes;
  }

  function isBlank(at: number): boolean {
    if (isTooLong(at)) return false;
    for (let i = startIn(at); i < stopIn(at); i++) {
      const byte = view[i]!;
      if (byte > 32 || (byte < 32 && (byte < 9 || byte > 13))) return false;
    }
    return true;
  }

  function asciiText(): string | null {
    const all = view.subarray(startIn(0), startIn(count));
    return isAscii(all) ? all.toString('latin1') : null;
  }

  function whole(): Buffer {
    const all = view.subarray(startIn(0), startIn(count));
    return recycle === null ? Buffer.from(all) : all;
  }

  function withoutOthers(kept: Uint32Array, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    let end = 0;
    for (const line of kept) end += view.copy(bytes, end, startIn(line), startIn(line + 1));
    return bytes;
  }

  return {
    count,
    number: (at) => first + at,
    height: () => 1,
    start: (at) => (at === 0 && longStart !== null ? longStart : base + startIn(at)),
    end: (at) => base + startIn(at + 1),
    bytes: (at) => (isTooLong(at) ? null : view.subarray(startIn(at), stopIn(at))),
    text(at) {
      if (isTooLong(at)) return TOO_LONG;
      if (ascii === undefined) ascii = asciiText();
      if (ascii !== null)
        return { ok: true, text: ascii.slice(startIn(at) - startIn(0), stopIn(at) - startIn(0)) };
      const bytes = view.subarray(startIn(at), stopIn(at));
      return isUtf8(bytes) ? { ok: true, text: bytes.toString('utf8') } : NOT_UTF8;
    },
    isBlank,
    recycle: recycle ?? (() => {}),
    copy() {
      const at = new Uint32Array(count);
      const ends = new Uint32Array(count);
      let rows = 0;
      let end = 0;
      for (let line = 0; line < count; line++) {
        if (isTooLong(line)) return null;
        if (isBlank(line)) continue;
        at[rows] = line;
        ends[rows++] = end += startIn(line + 1) - startIn(line);
      }
      const bytes = rows === count ? whole() : withoutOthers(at.subarray(0, rows), end);
      return { bytes, ends: ends.subarray(0, rows), at: at.subarray(0, rows) };
    },
  };
}
