/** Cuts a CSV row into its cells. */

const QUOTE = 0x22;

/** Its fields describe the cell that was read last, so reading makes no object per cell. */
export class CellReader {
  /** Where the content of the cell is, without quotes. */
  start = 0;
  end = 0;
  isQuoted = false;
  /** Whether its content has quotes, each written twice. */
  isDoubled = false;
  /** Where the delimiter after it is, or the end of the row. */
  next = 0;
  readonly #delimiter: number;

  /** `delimiter`: a byte. */
  constructor(delimiter: number) {
    this.#delimiter = delimiter;
  }

  /** Whether the cell holds no value. An empty cell in quotes holds an empty string. */
  get isMissing(): boolean {
    return this.start === this.end && !this.isQuoted;
  }

  /** Reads the cell at `at` of a row that ends at `to`. Returns what is wrong with it, or null. */
  read(bytes: Uint8Array, at: number, to: number): string | null {
    if (at < to && bytes[at] === QUOTE) return this.#readQuoted(bytes, at + 1, to);
    const delimiter = this.#delimiter;
    this.start = at;
    this.isQuoted = false;
    this.isDoubled = false;
    let end = at;
    for (; end < to; end++) {
      const byte = bytes[end];
      if (byte === delimiter) break;
      if (byte === QUOTE) {
        return 'has a quote inside a value without quotes. Write the value in quotes, and each quote in it twice';
      }
    }
    this.next = this.end = end;
    return null;
  }

  #readQuoted(bytes: Uint8Array, start: number, to: number): string | null {
    this.start = start;
    this.isQuoted = true;
    this.isDoubled = false;
    for (let at = start; at < to; at++) {
      if (bytes[at] !== QUOTE) continue;
      if (at + 1 < to && bytes[at + 1] === QUOTE) {
        this.isDoubled = true;
        at += 1;
        continue;
      }
      this.end = at;
      this.next = at + 1;
      const isClosed = this.next >= to || bytes[this.next] === this.#delimiter;
      return isClosed
        ? null
        : 'has text after its closing quote. Write each quote inside a quoted value twice';
    }
    return 'has a quote that is not closed properly';
  }

  /** The content as text. */
  text(bytes: Buffer): string {
    const text = bytes.toString('utf8', this.start, this.end);
    return this.isDoubled ? text.replaceAll('""', '"') : text;
  }
}
