/** Writes values as JSON, without an object or a text per number. */
import { writeWhole } from './write-whole.ts';

/** More than any number takes. */
const NUMBER_BYTES = 32;
const [COMMA, MINUS, OPEN, CLOSE] = [0x2c, 0x2d, 0x5b, 0x5d];
const NULL = Buffer.from('null');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

export class JsonWriter {
  #bytes: Buffer;
  #at = 0;

  /** `size`: the expected number of bytes. */
  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(Math.max(1024, size));
  }

  get length(): number {
    return this.#at;
  }

  written(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  raw(bytes: Buffer): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  value(value: unknown): void {
    if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'string') this.#text(JSON.stringify(value));
    else if (value === null || value === undefined) this.raw(NULL);
    else if (typeof value === 'boolean') this.raw(value ? TRUE : FALSE);
    else if (typeof value === 'bigint') this.value(wholeOf(value));
    else if (isNumbers(value)) this.#list(value);
    else this.#text(JSON.stringify(plainOf(value)) ?? 'null');
  }

  #list(values: ArrayLike<number | bigint>): void {
    this.#reserve(2);
    this.#bytes[this.#at++] = OPEN;
    for (let i = 0; i < values.length; i++) {
      if (i > 0) this.#bytes[this.#at++] = COMMA;
      const value = values[i]!;
      if (typeof value === 'number') this.#number(value);
      else this.value(value);
      this.#reserve(2);
    }
    this.#bytes[this.#at++] = CLOSE;
  }

  /** As JSON.stringify does: what JSON cannot hold is null. */
  #number(value: number): void {
    if (!Number.isFinite(value)) return this.raw(NULL);
    this.#reserve(NUMBER_BYTES);
    if (Number.isSafeInteger(value)) {
      if (value < 0) this.#bytes[this.#at++] = MINUS;
      this.#at = writeWhole(this.#bytes, this.#at, Math.abs(value));
      return;
    }
    const text = String(value);
    for (let i = 0; i < text.length; i++) this.#bytes[this.#at++] = text.charCodeAt(i);
  }

  #text(text: string): void {
    this.#reserve(text.length * 3);
    this.#at += this.#bytes.write(text, this.#at);
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + more));
    larger.set(this.written());
    this.#bytes = larger;
  }
}

type Numbers = Float32Array | Float64Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array;

/** Whether a value is a typed array of numbers. Bytes do not count as numbers. */
export function isNumbers(value: unknown): value is Numbers {
  return ArrayBuffer.isView(value) && !(value instanceof Uint8Array) && !(value instanceof DataView);
}

/** A number, or text where JavaScript has no such number. */
function wholeOf(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** A value of JSON. Bytes are base64. */
export function plainOf(value: unknown): unknown {
  if (typeof value === 'bigint') return wholeOf(value);
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64');
  if (isNumbers(value)) return Array.from<number | bigint, unknown>(value, plainOf);
  if (Array.isArray(value)) return value.map(plainOf);
  if (typeof value !== 'object' || value === null) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([name, own]) => [name, plainOf(own)]));
}
