/** Turns a text into the ids of its tokens. Does not add special tokens, truncate or pad. */

export interface TextTokenizer {
  /** Throws or rejects with an Error if it fails. */
  encode(text: string): EncodedText | Promise<EncodedText>;
  /** Null for a token that the vocabulary lacks. */
  idOf(token: string): number | null;
}

export interface EncodedText {
  readonly ids: readonly number[];
  /** Null unless offsets were asked for. */
  readonly offsets: TokenOffsets | null;
}

/** Where tokens are in the text, in UTF-16 code units. One entry per token. */
export interface TokenOffsets {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Whether the token continues the word of the token before it. */
  readonly continues: readonly boolean[];
}
