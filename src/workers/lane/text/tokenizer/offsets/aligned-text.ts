/** Where the characters of a normalised text come from. */

export interface AlignedText {
  readonly text: string;
  /**
   * For each code unit of the text: where its original characters start. Null: all code units are at their original
   * positions.
   */
  readonly starts: readonly number[] | null;
  /** Where its original characters end. */
  readonly ends: readonly number[] | null;
}

/**
 * Normalises a text piece by piece. A piece is a character with its combining marks, which normalisers treat as one. Throws
 * an Error if the pieces do not add up to what the normaliser makes of the whole text.
 */
export function createAligner(normalise: (text: string) => string): (original: string) => AlignedText {
  /** Normalised text by piece. */
  const known = new Map<string, string>();

  function normalised(piece: string): string {
    const made = known.get(piece);
    if (made !== undefined) return made;
    if (known.size >= MOST_KNOWN) known.clear();
    const fresh = normalise(piece);
    known.set(piece, fresh);
    return fresh;
  }

  return function align(original) {
    const text = normalise(original);
    if (text === original || (text.length === original.length && isLowerCased(original, text))) {
      return { text, starts: null, ends: null };
    }
    const starts: number[] = [];
    const ends: number[] = [];
    let made = '';
    const add = (part: string, from: number, to: number) => {
      made += part;
      for (let i = 0; i < part.length; i++) {
        starts.push(from);
        ends.push(to);
      }
    };
    for (const { 0: piece, index } of original.matchAll(PIECES)) {
      const part = normalised(piece);
      const characters = Array.from(piece);
      const isSum = characters.length > 1 && characters.map(normalised).join('') === part;
      if (isSum) {
        let from = index;
        for (const character of characters) add(normalised(character), from, (from += character.length));
      } else add(part, index, index + piece.length);
    }
    if (made === text) return { text, starts, ends };
    throw new Error('the normaliser changes the text in a way that leaves the offsets of its tokens unknown');
  };
}

/** Limit on the pieces in `known`. No language has more. */
const MOST_KNOWN = 20_000;

/** Korean syllables may be written as several letters, without marks. */
const PIECES = /[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]+\p{M}*|\P{M}\p{M}*|\p{M}+/gsu;

const ASCII = /^[\0-\x7f]*$/;

function isLowerCased(original: string, text: string): boolean {
  return ASCII.test(original) && original.toLowerCase() === text;
}
