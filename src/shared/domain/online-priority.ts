/** Priorities of online requests, as of jobs. */

/** First. */
export const HIGHEST_PRIORITY = 1;
export const LOWEST_PRIORITY = 100;
export const DEFAULT_PRIORITY = 50;
