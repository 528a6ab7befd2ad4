/** Numbers as the shortest text that says all there is to them. */

/** A double holds these exactly, so dividing by them rounds as parsing the digits would. */
const POWERS_OF_TEN: readonly number[] = Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/** Rounds to this many significant digits. The number must be finite. */
export function toDigits(value: number, digits: number): number {
  const size = Math.abs(value);
  const scale = POWERS_OF_TEN[digits - 1 - Math.floor(Math.log10(size))];
  // 0, and sizes that no power in the table brings to these digits. toPrecision is slower.
  if (scale === undefined) return Number(value.toPrecision(digits));
  const rounded = Math.round(size * scale) / scale;
  return value < 0 ? -rounded : rounded;
}

/** Numbers with up to 6 digits survive as a float32, and 9 digits tell all float32 apart. */
const FEWEST_DIGITS = 6;
const MOST_DIGITS = 9;

/** The shortest number that reads back as the same float32. The number must be finite. */
export function float32Text(value: number): string {
  for (let digits = FEWEST_DIGITS; digits < MOST_DIGITS; digits++) {
    const rounded = toDigits(value, digits);
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(toDigits(value, MOST_DIGITS));
}
