/**
 * Finds the records of CSV text in a buffer. Every process that reads a file must find the same records, whatever part of
 * the file it reads. So the end of a record depends only on the bytes from its start:
 *
 * - A record without quotes is a line.
 * - A record with quotes ends at the first line break outside of them.
 * - If a quote is wrong or never closed, or if the record would be longer than `maxBytes`, the record ends at its first
 *   line break. Reading resumes with the next line, so a wrong quote costs its own line only.
 */
import type { LinePlaces } from '../lines/lines.ts';
import { endOfQuoted, OUTSIDE, WRONG } from './end-of-quoted.ts';

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const SPACE = 0x20;
const TAB = 0x09;

/** Each record has four numbers in `#spans`: its start, end, first line and number of lines. */
const WIDTH = 4;

/** Its memory is used again for each buffer. Creates no object per record. Lines that are blank are left out. */
export class FoundRecords implements LinePlaces {
  view: Buffer = Buffer.alloc(0);
  count = 0;
  readonly #delimiter: number;
  readonly #maxBytes: number;
  #spans = new Uint32Array(WIDTH * 256);
  /** Offset in the file of the buffer's first byte. */
  #base = 0;
  /** Number of the buffer's first line, and of the next line to find. */
  #firstLine: number;
  #line: number;
  /** The offset in the file of a record that is too long, while its end has not been read. */
  #skipped: number | null = null;
  /** The offset in the file of the first record, if the buffer has only the end of it. Else null. */
  #longStart: number | null = null;
  /** Whether nobody will find others, so that these stay as they are. */
  #isLast = false;

  /** `firstLine`: number of the first line that it will see. */
  constructor(options: { delimiter: number; maxBytes: number; firstLine: number }) {
    this.#delimiter = options.delimiter;
    this.#maxBytes = options.maxBytes;
    this.#line = this.#firstLine = options.firstLine;
  }

  /**
   * Finds the records of `view`, whose first byte is at `base` in the file. The text begins at `from`. `isEnd`: no more
   * text follows. Returns the offset of the first incomplete record.
   */
  find(view: Buffer, base: number, from: number, isEnd: boolean): number {
    this.view = view;
    this.#base = base;
    this.#firstLine = this.#line;
    this.count = 0;
    this.#longStart = this.#skipped;
    this.#isLast = isEnd;
    let at = this.#skipped === null ? from : this.#endSkipped(from, isEnd);
    let quote = at;
    let hasQuotes = true;
    while (at < view.length) {
      if (hasQuotes && quote <= at) {
        quote = view.indexOf(QUOTE, at);
        hasQuotes = quote !== -1;
      }
      const lf = view.indexOf(LF, at);
      const stop = lf === -1 ? view.length : lf;
      const end =
        hasQuotes && quote < stop
          ? this.#addQuoted(at, lf, isEnd)
          : lf === -1 && !isEnd
            ? null
            : this.#addLine(at, stop, lf === -1 ? stop : lf + 1);
      if (end === null) return this.#unfinished(at);
      at = end;
    }
    return at;
  }

  number(at: number): number {
    return this.#firstLine + this.#spans[at * WIDTH + 2]!;
  }

  height(at: number): number {
    return this.#spans[at * WIDTH + 3]!;
  }

  start(at: number): number {
    return this.#isLong(at) ? this.#longStart! : this.#base + this.from(at);
  }

  end(at: number): number {
    return this.#base + this.#spans[at * WIDTH + 1]!;
  }

  isBlank(): boolean {
    return false;
  }

  isTooLong(at: number): boolean {
    return this.#isLong(at) || this.#spans[at * WIDTH + 1]! - this.from(at) > this.#maxBytes;
  }

  /** Where the record begins in `view`. */
  from(at: number): number {
    return this.#spans[at * WIDTH]!;
  }

  /** Where it ends in `view`, without the line break. */
  to(at: number): number {
    const from = this.from(at);
    let to = this.#spans[at * WIDTH + 1]!;
    if (to > from && this.view[to - 1] === LF) to -= 1;
    return to > from && this.view[to - 1] === CR ? to - 1 : to;
  }

  /** The bytes of the records from `first` to before `end`. Never empty. */
  bytes(first: number, end: number): Buffer {
    return this.view.subarray(this.from(first), this.to(end - 1));
  }

  /** The same records, which stay valid while others are found. */
  kept(): FoundRecords {
    if (this.#isLast) return this;
    const kept = new FoundRecords({ delimiter: this.#delimiter, maxBytes: this.#maxBytes, firstLine: 0 });
    kept.view = Buffer.from(this.view);
    kept.count = this.count;
    kept.#spans = this.#spans.slice(0, this.count * WIDTH);
    kept.#base = this.#base;
    kept.#firstLine = this.#firstLine;
    kept.#longStart = this.#longStart;
    kept.#isLast = true;
    return kept;
  }

  #isLong(at: number): boolean {
    return at === 0 && this.#longStart !== null;
  }

  #add(from: number, end: number, height: number): number {
    const at = this.count++ * WIDTH;
    if (at === this.#spans.length) {
      const larger = new Uint32Array(at * 2);
      larger.set(this.#spans);
      this.#spans = larger;
    }
    this.#spans[at] = from;
    this.#spans[at + 1] = end;
    this.#spans[at + 2] = this.#line - this.#firstLine;
    this.#spans[at + 3] = height;
    this.#line += height;
    return end;
  }

  /** Adds the line, unless it is blank. */
  #addLine(from: number, stop: number, end: number): number {
    if (end - from > this.#maxBytes || !this.#isBlankLine(from, stop)) return this.#add(from, end, 1);
    this.#line += 1;
    return end;
  }

  /** Whether the bytes from `from` to before `stop` are only white space. */
  #isBlankLine(from: number, stop: number): boolean {
    for (let at = from; at < stop; at++) {
      const byte = this.view[at]!;
      if (byte > SPACE || byte === this.#delimiter) return false;
      if (byte !== SPACE && byte !== TAB && byte !== CR) return false;
    }
    return true;
  }

  /** Adds a record whose first line has quotes. `lf`: where that line breaks, or -1. Returns null if more text is needed. */
  #addQuoted(from: number, lf: number, isEnd: boolean): number | null {
    const { view } = this;
    const isTooLong = view.length - from > this.#maxBytes;
    const limit = isTooLong ? from + this.#maxBytes : view.length;
    const found = endOfQuoted(view, from, limit, this.#delimiter);
    if (found >= 0) return this.#add(from, found, this.#height(lf, found));
    if (found === OUTSIDE && isEnd && !isTooLong) {
      return this.#add(from, view.length, this.#height(lf, view.length));
    }
    if (found !== WRONG && !isEnd && !isTooLong) return null;
    if (lf !== -1) return this.#add(from, lf + 1, 1);
    return isEnd ? this.#add(from, view.length, 1) : null;
  }

  #height(lf: number, end: number): number {
    let height = 1;
    for (let at = lf; at !== -1 && at + 1 < end; at = this.view.indexOf(LF, at + 1)) height += 1;
    return height;
  }

  /** Keeps the text, or lets go of it if the record is too long already. */
  #unfinished(from: number): number {
    const { length } = this.view;
    if (length - from <= this.#maxBytes) return from;
    this.#skipped = this.#base + from;
    return length;
  }

  /** Ends the record that is being skipped, if its line ends here. Returns the offset after it. */
  #endSkipped(from: number, isEnd: boolean): number {
    const lf = this.view.indexOf(LF, from);
    if (lf === -1 && !isEnd) return this.view.length;
    this.#skipped = null;
    return this.#add(from, lf === -1 ? this.view.length : lf + 1, 1);
  }
}
