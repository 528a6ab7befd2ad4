/**
 * Consecutive records in one piece of bytes, from the file to the lane. A model of a table answers a row in a
 * microsecond, and an object per row would cost as much.
 */

export class PackedRecords {
  /** JSON objects as UTF-8, one after the other. White space may surround them. */
  readonly bytes: Buffer;
  /** Where the first record begins. */
  readonly start: number;
  /** One per record: where it ends. */
  readonly ends: Uint32Array;
  /** All records as one text. Null if they are not ASCII. Undefined until a record is asked for. */
  #ascii: string | null | undefined;

  constructor(bytes: Buffer, ends: Uint32Array, start = 0) {
    this.bytes = bytes;
    this.start = start;
    this.ends = ends;
  }

  static of(texts: readonly string[]): PackedRecords {
    const ends = new Uint32Array(texts.length);
    let end = 0;
    for (const [at, text] of texts.entries()) ends[at] = end += Buffer.byteLength(text);
    return new PackedRecords(Buffer.from(texts.join('')), ends);
  }

  static ofBytes(records: readonly Uint8Array[]): PackedRecords {
    const ends = new Uint32Array(records.length);
    let end = 0;
    for (const [at, { length }] of records.entries()) ends[at] = end += length;
    return new PackedRecords(Buffer.concat(records), ends);
  }

  static join(parts: readonly PackedRecords[]): PackedRecords {
    if (parts.length === 1) return parts[0]!;
    const bytes = Buffer.concat(parts.map((part) => part.own()));
    const ends = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let row = 0;
    let base = 0;
    for (const part of parts) {
      for (const end of part.ends) ends[row++] = base + end - part.start;
      base += part.size;
    }
    return new PackedRecords(bytes, ends);
  }

  get length(): number {
    return this.ends.length;
  }

  /** Bytes of its records. */
  get size(): number {
    return (this.ends.at(-1) ?? this.start) - this.start;
  }

  startOf(at: number): number {
    return at === 0 ? this.start : this.ends[at - 1]!;
  }

  json(at: number): string {
    if (this.#ascii === undefined) {
      const text = this.own().toString('utf8');
      this.#ascii = text.length === this.size ? text : null;
    }
    const from = this.startOf(at);
    const to = this.ends[at]!;
    return this.#ascii?.slice(from - this.start, to - this.start) ?? this.bytes.toString('utf8', from, to);
  }

  /** The records from `from` to before `to`. Copies nothing. */
  slice(from: number, to = this.length): PackedRecords {
    return new PackedRecords(this.bytes, this.ends.subarray(from, to), this.startOf(from));
  }

  /** A copy of the records at these positions. */
  select(positions: readonly number[]): PackedRecords {
    return PackedRecords.ofBytes(positions.map((at) => this.bytes.subarray(this.startOf(at), this.ends[at])));
  }

  /** The bytes of its own records only. */
  own(): Buffer {
    return this.bytes.subarray(this.start, this.start + this.size);
  }
}
