/**
 * Floats as JSON text: the shortest decimal that reads back as the same value of its type. 0.1 as a float32 is `0.1`, not
 * 0.10000000149011612. JSON has no NaN and no infinities, so these are strings.
 */
import { halfTable, toHalfBits } from '../../image/normalise/half.ts';

export function float64Text(value: number): string {
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

/**
 * Looks for a whole number that becomes the value by moving the decimal point. Writing it takes half of the time of
 * `String(value)`, whose text is twice as long.
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

/** Whole numbers below this are exact. */
const MOST = 1e9;

/** A double holds these exactly, so dividing by them rounds as parsing the digits would. */
const POWERS_OF_TEN: readonly number[] = Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

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

export function halfText(bits: number): string {
  return (halves[bits] ??= textOfHalf(bits));
}
const halves: string[] = [];

function textOfHalf(bits: number): string {
  const value = halfTable()[bits]!;
  if (!Number.isFinite(value)) return `"${value}"`;
  if (Number.isInteger(value)) return String(value);
  for (let digits = 1; digits <= 5; digits++) {
    const short = Number(value.toPrecision(digits));
    if (toHalfBits(short) === bits) return String(short);
  }
  return String(value);
}
