/** Writes whole numbers so that texts have the order of the numbers. */

/** Digits of the largest safe integer. */
export const SORTABLE_DIGITS = 16;

export function sortableWhole(whole: number): string {
  return String(whole).padStart(SORTABLE_DIGITS, '0');
}
