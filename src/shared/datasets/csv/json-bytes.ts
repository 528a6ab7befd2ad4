/** JSON texts one after the other in one buffer, which grows. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
/** The longest escape, such as \u0001, has this many bytes. */
const ESCAPE = 6;

/** Escapes of control characters, by their number. */
const CONTROLS: readonly Buffer[] = Array.from({ length: SPACE }, (_, code) =>
  Buffer.from(JSON.stringify(String.fromCharCode(code)).slice(1, -1)),
);

export class JsonBytes {
  #bytes: Buffer;
  length = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  /** What has been written. */
  written(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  /** Makes room for this many bytes. `open`, `add`, `comma` and `close` need it. */
  reserve(bytes: number): void {
    const wanted = this.length + bytes;
    if (wanted <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(wanted, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.length);
    this.#bytes = larger;
  }

  open(): void {
    this.#bytes[this.length++] = OPEN;
  }

  comma(): void {
    this.#bytes[this.length++] = COMMA;
  }

  close(): void {
    this.#bytes[this.length++] = CLOSE;
  }

  /** For a few bytes, which a loop copies faster than a call. */
  add(from: Uint8Array, start: number, end: number): void {
    const bytes = this.#bytes;
    let to = this.length;
    for (let at = start; at < end; at++) bytes[to++] = from[at]!;
    this.length = to;
  }

  /** Adds UTF-8 text as a string. `isDoubled`: two quotes in the text stand for one. */
  addString(from: Uint8Array, start: number, end: number, isDoubled: boolean): void {
    // The closing quote, and one escape, so that the loop below need not look at other bytes.
    this.reserve(end - start + 2 + ESCAPE);
    let bytes = this.#bytes;
    let to = this.length;
    bytes[to++] = QUOTE;
    for (let at = start; at < end; at++) {
      const byte = from[at]!;
      if (byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH) {
        bytes[to++] = byte;
        continue;
      }
      if (byte >= SPACE) {
        bytes[to++] = BACKSLASH;
        bytes[to++] = byte;
        if (byte === QUOTE && isDoubled) at += 1;
      } else {
        const escape = CONTROLS[byte]!;
        for (let i = 0; i < escape.length; i++) bytes[to++] = escape[i]!;
      }
      this.length = to;
      this.reserve(end - at + 2 + ESCAPE);
      bytes = this.#bytes;
    }
    bytes[to++] = QUOTE;
    this.length = to;
  }
}
