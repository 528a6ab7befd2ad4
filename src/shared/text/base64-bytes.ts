/**
 * Decodes base64 that is still bytes. A text of a whole photo would be so large that V8 asks the system for memory each
 * time, so only pieces of it become texts.
 */

/** Characters. A multiple of 4, and small enough for V8's young generation. */
const PIECE = 32 * 1024;

const PADDING = 0x3d;
const MINUS = 0x2d;
const UNDERSCORE = 0x5f;

/** The same bytes as `Buffer.from(text, 'base64')`. Null if a character is not base64, even if Node.js would skip it. */
export function decodedExactly(text: Buffer): Buffer | null {
  let chars = text.length;
  while (chars > text.length - 2 && text[chars - 1] === PADDING) chars -= 1;
  // One character alone holds no byte, so it could be anything.
  if (chars % 4 === 1 || text.includes(MINUS) || text.includes(UNDERSCORE)) return null;
  const bytes = Buffer.allocUnsafe(Math.floor((chars * 3) / 4));
  let length = 0;
  for (let at = 0; at < text.length; at += PIECE) {
    length += bytes.write(text.toString('latin1', at, Math.min(text.length, at + PIECE)), length, 'base64');
  }
  // Node.js has skipped a character.
  return length === bytes.length ? bytes : null;
}
