/** Finds the offsets of the tokens of a WordPiece model. */
import type { LibrarySteps, TokensWithOffsets } from './library-steps.ts';

/**
 * `prefix`: begins a token that continues a word. The returned function throws an Error if a token is not in the text.
 */
export function createWordPieceOffsets(
  steps: LibrarySteps,
  { prefix, unknown }: { readonly prefix: string; readonly unknown: string },
): (text: string, section: number) => TokensWithOffsets {
  return function offsetsIn(text, section) {
    const tokens: string[] = [];
    const starts: number[] = [];
    const ends: number[] = [];
    let at = 0;
    for (const word of steps.words(text, section)) {
      const from = text.indexOf(word, at);
      if (from < 0) throw new Error(`the word ${JSON.stringify(word)} is not in the text`);
      at = from + word.length;
      let start = from;
      for (const [i, token] of steps.tokens([word]).entries()) {
        const isWhole = token === unknown && i === 0;
        const letters = i > 0 && token.startsWith(prefix) ? token.slice(prefix.length) : token;
        const end = isWhole ? at : start + letters.length;
        if (!isWhole && !word.startsWith(letters, start - from)) {
          throw new Error(`the token ${JSON.stringify(token)} is not in the word ${JSON.stringify(word)}`);
        }
        tokens.push(token);
        starts.push(start);
        ends.push(end);
        start = end;
      }
    }
    return { tokens, starts, ends };
  };
}
