/** A file inside a field of a record: a data URL, or the bytes in base64. */
import { decodedExactly } from '../text/base64-bytes.ts';

const DATA_URL = /^data:[\w.+/-]*(?:;[\w.+=-]+)*;base64,/i;
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

/** Shorter texts are paths. "/9j/" alone could be one. */
const LEAST_CHARS = 64;

/** How the first bytes of known formats look in base64. */
const STARTS = [
  /^\/9j\//, // JPEG
  /^iVBORw0KGgo/, // PNG
  /^R0lGOD/, // GIF
  /^UklGR/, // RIFF: WebP and WAV
  /^(?:SUkqA|TU0AK)/, // TIFF
  /^AAAA[A-Za-z0-9+/]GZ0eX/, // HEIC and AVIF
  /^ZkxhQ/, // FLAC
];

/**
 * Null: the text is not a file, so it may be a path or a URL. Without a data URL, only files of images and sounds are
 * recognised, by their first bytes.
 */
export function embeddedFile(text: string): Buffer | null {
  const [prefix] = DATA_URL.exec(text) ?? [];
  if (prefix !== undefined) return Buffer.from(text.slice(prefix.length), 'base64');
  return startsAsFile(text) && BASE64.test(text) ? Buffer.from(text, 'base64') : null;
}

function startsAsFile(text: string): boolean {
  return text.length >= LEAST_CHARS && STARTS.some((start) => start.test(text));
}

/** A file that was decoded without making a text of its base64. */
export class EncodedFile {
  readonly bytes: Uint8Array;
  /** The text of the field, as UTF-8. */
  readonly text: Uint8Array;

  constructor(bytes: Uint8Array, text: Uint8Array) {
    this.bytes = bytes;
    this.text = text;
  }
}

/** Longer than what comes before the base64 of a data URL. */
const HEAD_CHARS = 256;

/**
 * The file that embeddedFile finds in the same text. `text`: UTF-8. Null: it finds none, or the text is unusual, and only
 * embeddedFile can tell.
 */
export function encodedFile(text: Buffer): EncodedFile | null {
  const head = text.toString('latin1', 0, HEAD_CHARS);
  const [prefix = ''] = DATA_URL.exec(head) ?? [];
  if (prefix === '' && !startsAsFile(head)) return null;
  const bytes = decodedExactly(text.subarray(prefix.length));
  return bytes === null ? null : new EncodedFile(bytes, text);
}
