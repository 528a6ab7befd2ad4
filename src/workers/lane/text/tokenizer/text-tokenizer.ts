/** Turns a text into the ids of its tokens. Special tokens, truncation and padding are no part of it. */

export interface TextTokenizer {
  /** Throws or rejects with an Error if it cannot. */
  encode(text: string): EncodedText | Promise<EncodedText>;
  /** Null for a token that the vocabulary lacks. */
  idOf(token: string): number | null;
}

export interface EncodedText {
  readonly ids: readonly number[];
  /** Null unless they were asked for. */
  readonly places: TokenPlaces | null;
}

/** Where tokens are in the text, in UTF-16 code units. One entry per token. */
export interface TokenPlaces {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Whether the token continues the word of the token before it. */
  readonly continues: readonly boolean[];
}
