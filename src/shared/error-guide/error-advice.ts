/** The text about one error code for users. Backticks mark code. */
export interface ErrorAdvice {
  /** Why it happens, in one or two sentences. */
  readonly cause: string;
  /** How to fix it. */
  readonly fix: string;
}
