/** Reads small text files as editors save them: UTF-8 with or without a byte order mark, or UTF-16 with one. */
import { whyWrongFile } from './wrong-file.ts';

export type TextReading =
  | { readonly ok: true; readonly text: string }
  /** `why` completes "the file ...". */
  | { readonly ok: false; readonly why: string };

export function readText(bytes: Buffer): TextReading {
  const wrong = bytes.length === 0 ? null : whyWrongFile(bytes.subarray(0, 512), bytes.length);
  if (wrong !== null) return { ok: false, why: wrong };
  const encoding = encodingOf(bytes);
  if (encoding === null) {
    return { ok: false, why: 'looks like UTF-16 without a byte order mark; save it as UTF-8' };
  }
  try {
    return { ok: true, text: new TextDecoder(encoding, { fatal: true }).decode(bytes) };
  } catch {
    return { ok: false, why: `is not valid ${encoding.toUpperCase()}; save it as UTF-8` };
  }
}

function encodingOf(bytes: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  // UTF-8 text holds no NUL bytes, and half of a Latin UTF-16 text is NUL bytes.
  return bytes.subarray(0, 512).includes(0) ? null : 'utf-8';
}
