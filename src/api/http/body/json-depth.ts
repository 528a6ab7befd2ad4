/**
 * Checks the nesting depth of a JSON text before it is parsed. 16 MB of "[" would cost the parser, and all code that walks
 * the value, too much memory and stack.
 */

/** Room for rows with tensors of 32 axes. Other bodies need at most 5 levels. */
export const MAX_JSON_DEPTH = 40;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);

/** Whether arrays and objects nest deeper than `most`. Takes any bytes. Strings are skipped as a whole. */
export function nestsDeeper(json: Buffer, most: number): boolean {
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]!;
    if (byte === QUOTE) {
      i = endOfString(json, i + 1);
    } else if (OPEN.has(byte)) {
      depth += 1;
      if (depth > most) return true;
    } else if (CLOSE.has(byte)) {
      depth -= 1;
    }
  }
  return false;
}

/** Index of the closing quote, or the end of the text if there is none. */
function endOfString(json: Buffer, from: number): number {
  for (let at = json.indexOf(QUOTE, from); at >= 0; at = json.indexOf(QUOTE, at + 1)) {
    let backslashes = 0;
    while (at - 1 - backslashes >= from && json[at - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return json.length;
}
