/**
 * File names as bytes. POSIX names need not be UTF-8, and JavaScript does not order strings by bytes. So the walk keeps
 * names "raw", as Latin-1 strings with one character per byte. Comparing them gives byte order.
 */
import { isUtf8 } from 'node:buffer';

const BEYOND_ASCII = /[\u0080-\uffff]/;

/** The raw form of a text, from its UTF-8 bytes. */
export function rawOf(text: string): string {
  return BEYOND_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

/** The text of a raw name. Bytes that are not UTF-8 become U+FFFD, and `valid` is false. */
export function textOf(raw: string): { readonly text: string; readonly valid: boolean } {
  if (!BEYOND_ASCII.test(raw)) return { text: raw, valid: true };
  const bytes = Buffer.from(raw, 'latin1');
  return { text: bytes.toString('utf8'), valid: isUtf8(bytes) };
}

/** A raw path in a form that node:fs opens byte for byte. */
export function fsPath(raw: string): string | Buffer {
  return BEYOND_ASCII.test(raw) ? Buffer.from(raw, 'latin1') : raw;
}
