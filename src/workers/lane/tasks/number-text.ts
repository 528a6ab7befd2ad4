/** Numbers of answers as text. */

/** The number with so many significant digits, 1 to 15. Must be finite. */
export function significant(value: number, digits: number): string {
  const size = Math.abs(value);
  const scale = POWERS_OF_TEN[digits - 1 - Math.floor(Math.log10(size))];
  // 0, and sizes that no power in the table brings to these digits. toPrecision is slower.
  if (scale === undefined) return String(Number(value.toPrecision(digits)));
  const rounded = Math.round(size * scale) / scale;
  return String(value < 0 ? -rounded : rounded);
}

/** A double holds these exactly, so dividing by them rounds as parsing the digits would. */
const POWERS_OF_TEN: readonly number[] = Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));
