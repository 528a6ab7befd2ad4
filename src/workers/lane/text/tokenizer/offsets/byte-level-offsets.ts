/**
 * Finds the offsets of the tokens of a byte-level BPE model. Each character of a token stands for one byte of the text.
 */
import type { LibrarySteps, TokensWithOffsets } from './library-steps.ts';

/**
 * A token that is a part of a character has the offsets of that character. Throws an Error if the tokens do not match
 * the text.
 */
export function byteLevelOffsets(steps: LibrarySteps, text: string, section: number): TokensWithOffsets {
  const tokens = steps.tokens(steps.words(text, section));
  const { starts: startOf, ends: endOf } = bytesOf(text);
  const total = tokens.reduce((sum, token) => sum + token.length, 0);
  // @huggingface/tokenizers may have added a space before the first word.
  const added = total - startOf.length;
  if (added !== 0 && added !== 1) throw new Error('the tokens are not the bytes of the text');
  const starts: number[] = [];
  const ends: number[] = [];
  let at = -added;
  for (const token of tokens) {
    const end = at + token.length;
    starts.push(at < 0 ? 0 : startOf[at]!);
    ends.push(end <= 0 ? 0 : endOf[end - 1]!);
    at = end;
  }
  return { tokens, starts, ends };
}

/** For each byte of the text in UTF-8: where its character starts and ends, in code units. */
function bytesOf(text: string): { readonly starts: Uint32Array; readonly ends: Uint32Array } {
  const bytes = Buffer.byteLength(text);
  const starts = new Uint32Array(bytes);
  const ends = new Uint32Array(bytes);
  let byte = 0;
  let unit = 0;
  for (const character of text) {
    const next = byte + bytesInUtf8(character.codePointAt(0)!);
    starts.fill(unit, byte, next);
    unit += character.length;
    ends.fill(unit, byte, next);
    byte = next;
  }
  return { starts, ends };
}

function bytesInUtf8(point: number): number {
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point < 0x10000 ? 3 : 4;
}
