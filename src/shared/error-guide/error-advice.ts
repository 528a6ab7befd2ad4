/** What a user reads about one error code. `backticks` mark code. */
export interface ErrorAdvice {
  /** Why it happens: one or two sentences. */
  readonly cause: string;
  /** What to do about it. */
  readonly fix: string;
}
