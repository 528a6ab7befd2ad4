/** What reading a config of another tool yields, besides its values. */

export interface Reading {
  /** One line for each field that was taken. */
  readonly taken: readonly string[];
  /** What the user has to look at. */
  readonly open: readonly string[];
}

export type Json = Readonly<Record<string, unknown>>;
