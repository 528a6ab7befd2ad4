/**
 * Halves of surrogate pairs in JSON. JavaScript makes one if it cuts an emoji in two, and writes it as an escape. DuckDB
 * and pyarrow refuse a whole file that has one.
 */

const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const DIGIT_8 = 0x38;
const LETTER_C = 0x63;
const LETTER_D = 0x64;
/** Digits have this bit, too. */
const LOWER_CASE = 0x20;
/** Of an escape such as `\ud83d`. */
const ESCAPE_BYTES = 6;
const REPLACEMENT = Buffer.from(String.raw`\ufffd`);

/** Puts U+FFFD in the place of each, as UTF-8 does. `json`: is changed, and keeps its length. */
export function replaceLoneSurrogates(json: Buffer): void {
  for (const start of [String.raw`\ud`, String.raw`\uD`]) {
    for (let at = json.indexOf(start); at >= 0; at = json.indexOf(start, at + ESCAPE_BYTES)) {
      const kind = surrogateAt(json, at);
      const isPaired =
        kind === 'high'
          ? surrogateAt(json, at + ESCAPE_BYTES) === 'low'
          : surrogateAt(json, at - ESCAPE_BYTES) === 'high';
      if (kind !== null && !isPaired) json.set(REPLACEMENT, at);
    }
  }
}

/** The text as UTF-8 has it. */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** What the escape at a position stands for. Null: there is none, or another character. */
function surrogateAt(json: Buffer, at: number): 'high' | 'low' | null {
  if (at < 0 || json[at] !== BACKSLASH || json[at + 1] !== LETTER_U || isEscaped(json, at)) return null;
  if ((json[at + 2]! | LOWER_CASE) !== LETTER_D) return null;
  // D800 to DBFF, and DC00 to DFFF.
  const digit = json[at + 3]! | LOWER_CASE;
  if (digit < DIGIT_8) return null;
  return digit < LETTER_C ? 'high' : 'low';
}

/** Whether another backslash escapes this one, so that it is a character of the text. */
function isEscaped(json: Buffer, at: number): boolean {
  let before = at;
  while (json[before - 1] === BACKSLASH) before -= 1;
  return (at - before) % 2 === 1;
}
