/**
 * Bounds the work for a long text. Only a part of it is tokenised if that part has more tokens than the model takes. The answer
 * is that of the whole text, unless the text has extremely few tokens for its length.
 */

/** Characters per allowed token. English has 4 or 5, and long numbers and URLs have fewer. */
const FIRST_CHARS = 16;
/** The shortest first part. Tokenising it is cheap, whatever the model takes. */
const LEAST_CHARS = 4096;
/** A part of this many times the length is tried if the first part has too few tokens. Text beyond it is ignored. */
const SECOND_PART = 16;

export interface TextPart {
  readonly text: string;
  /** Where it starts in the whole text. */
  readonly from: number;
}

/** The parts to try, in this order. The last one is used in any case. Pure. */
export function partsToTry(text: string, maxTokens: number, side: 'left' | 'right'): readonly TextPart[] {
  const first = Math.max(LEAST_CHARS, FIRST_CHARS * maxTokens);
  const sizes = [first, first * SECOND_PART];
  const parts = sizes.filter((size) => size < text.length).map((size) => partOf(text, size, side));
  return parts.length < sizes.length ? [...parts, { text, from: 0 }] : parts;
}

/** Cuts between two words if it can, because a part of a word has other tokens than the word. */
function partOf(text: string, size: number, side: 'left' | 'right'): TextPart {
  const slack = Math.floor(size / 4);
  if (side === 'right') {
    const found = text.slice(size - slack, size).search(/\s\S*$/);
    const end = found < 0 ? size - (isPairSplit(text, size) ? 1 : 0) : size - slack + found;
    return { text: text.slice(0, end), from: 0 };
  }
  const at = text.length - size;
  const found = text.slice(at, at + slack).search(/\s/);
  const from = found < 0 ? at + (isPairSplit(text, at) ? 1 : 0) : at + found;
  return { text: text.slice(from), from };
}

/** Whether a cut here leaves half of a character on each side. */
function isPairSplit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff;
}
