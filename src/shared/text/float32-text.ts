/**
 * Writes a float32 as the shortest decimal that reads back as the same float32. For example, the one nearest to 0.1 becomes
 * `0.1`, not 0.10000000149011612. JSON has no NaN and no infinities, so these become strings.
 */

/** Exact as doubles, so `whole / power` is the same double that parsing its decimal text gives. */
export const POWERS_OF_TEN: readonly number[] = Array.from({ length: 23 }, (_, power) =>
  Number(`1e${power}`),
);

/**
 * Finds the shortest digits as a whole number, and puts the decimal point in. That takes half the time of `String(value)`,
 * whose text is twice as long.
 */
export function float32Text(value: number): string {
  const size = Math.abs(value);
  if (!(size < MOST)) return Number.isFinite(value) ? shortest(value) : `"${value}"`;
  if (Number.isInteger(value)) return String(value);
  const power = Math.floor(Math.log10(size));
  for (let digits = 6; digits <= 9; digits++) {
    const decimals = digits - 1 - power;
    const scale = POWERS_OF_TEN[decimals];
    if (scale === undefined) return shortest(value);
    const whole = Math.round(size * scale);
    if (Math.fround(whole / scale) === size)
      return value < 0 ? `-${pointed(whole, decimals)}` : pointed(whole, decimals);
  }
  return shortest(value);
}

/** Whole numbers below this have at most nine digits, so all digits are written. */
const MOST = 1e9;

/** `whole` / 10 ** `decimals` as text. */
function pointed(whole: number, decimals: number): string {
  let left = decimals;
  let digits = whole;
  while (digits % 10 === 0) {
    digits /= 10;
    left -= 1;
  }
  const text = String(digits);
  const before = text.length - left;
  if (before > 0) return `${text.slice(0, before)}.${text.slice(before)}`;
  if (before > -6) return `0.${text.padStart(left, '0')}`;
  return `${text[0]}${text.length > 1 ? '.' : ''}${text.slice(1)}e${before - 1}`;
}

function shortest(value: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}
