/** The result of reading another tool's config, besides its values. */

export interface Reading {
  /** One line for each field that was taken. */
  readonly taken: readonly string[];
  /** Notes that the user must check. */
  readonly open: readonly string[];
}

export type Json = Readonly<Record<string, unknown>>;
