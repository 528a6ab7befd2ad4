/** The library's steps between a text and its tokens, and their result. */

/** The steps of the library for a text without added tokens. */
export interface LibrarySteps {
  words(text: string, section: number): string[];
  tokens(words: string[]): string[];
}

/** The tokens of a section, and where they are in it. */
export interface TokensWithOffsets {
  readonly tokens: readonly string[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}
