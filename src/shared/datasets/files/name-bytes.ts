/**
 * File names as bytes. POSIX names need not be UTF-8, and JavaScript's string order is not byte order, so
 * the walk keeps names "raw": Latin-1 strings, one character a byte, whose plain comparison is byte order.
 */
import { isUtf8 } from 'node:buffer';

const BEYOND_ASCII = /[\u0080-\uffff]/;

/** UTF-8 bytes of a text, raw. */
export function rawOf(text: string): string {
  return BEYOND_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

/** The text of a raw name; bytes that are not UTF-8 become U+FFFD and `valid` is false. */
export function textOf(raw: string): { readonly text: string; readonly valid: boolean } {
  if (!BEYOND_ASCII.test(raw)) return { text: raw, valid: true };
  const bytes = Buffer.from(raw, 'latin1');
  return { text: bytes.toString('utf8'), valid: isUtf8(bytes) };
}

/** A raw path in the form that node:fs opens byte for byte. */
export function fsPath(raw: string): string | Buffer {
  return BEYOND_ASCII.test(raw) ? Buffer.from(raw, 'latin1') : raw;
}
