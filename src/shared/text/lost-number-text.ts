/** Finds numbers that exceed a double in the text of JSON. */
import { shortened } from './shortened.ts';

/** What such a number has: an exponent of three digits, or 309 digits. */
const MAY_BE_LOST = /[eE]\+?0*[1-9]\d\d|\d{309}/;
const STRINGS = /"(?:[^"\\]|\\.)*"/gs;
const NUMBERS = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const QUOTE = 0x22;
const LONGEST = 40;

/** `text`: valid JSON. Returns the first such number as it is written, shortened, or null. */
export function lostNumberIn(text: string): string | null {
  if (text.charCodeAt(0) === QUOTE || !MAY_BE_LOST.test(text)) return null;
  for (const [number] of text.replaceAll(STRINGS, '""').matchAll(NUMBERS)) {
    if (!Number.isFinite(Number(number))) return shortened(number, LONGEST);
  }
  return null;
}
