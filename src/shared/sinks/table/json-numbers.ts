/** Numbers in the JSON of results. */

/** The text of a whole number. */
export const WHOLE = /^-?\d+$/;

/** JSON has no such numbers, so they are strings there. */
export const NOT_FINITE: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);
