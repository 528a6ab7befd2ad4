/**
 * Writes floats as JSON text. Rounds them to some digits, or finds the shortest decimal that reads back as the same
 * value of their type. For example, the float32 nearest to 0.1 becomes `0.1`, not 0.10000000149011612. JSON has no NaN
 * and no infinities, so these become strings.
 */
import { writeWhole } from '../../../shared/text/write-whole.ts';
import { halfTable, toHalfBits } from '../image/normalise/half.ts';

/** Exact as doubles, so `whole / power` is the same double that parsing its decimal text gives. */
const POWERS_OF_TEN: readonly number[] = Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/** Rounds to this many significant digits. The number must be finite. */
function toDigits(value: number, digits: number): number {
  const size = Math.abs(value);
  const scale = POWERS_OF_TEN[digits - 1 - Math.floor(Math.log10(size))];
  // The table has no power for 0 and for very large or small sizes. toPrecision is slower.
  if (scale === undefined) return Number(value.toPrecision(digits));
  const rounded = Math.round(size * scale) / scale;
  return value < 0 ? -rounded : rounded;
}

/** `0.`, `0.0` and so on, by the number of zeros after the point. */
const FRACTIONS: readonly string[] = Array.from({ length: 6 }, (_, zeros) => `0.${'0'.repeat(zeros)}`);
const FRACTION_BYTES = FRACTIONS.map((text) => Buffer.from(text));

/**
 * Text of the number, rounded to this many significant digits. The number must be finite. Most scores are fractions. Their
 * text is joined from the zeros after the point and a whole number, which takes half the time.
 */
export function digitsText(value: number, digits: number): string {
  const size = Math.abs(value);
  if (!isSmallFraction(size)) return String(toDigits(value, digits));
  const zeros = zerosOf(size);
  const whole = significant(size, zeros, digits);
  if (whole === null) return String(toDigits(value, digits));
  return (value < 0 ? '-' : '') + FRACTIONS[zeros]! + whole;
}

/** Writes what `digitsText` returns to `bytes`, from `start`. Returns where it ends. At most 32 bytes. */
export function writeDigits(bytes: Buffer, start: number, value: number, digits: number): number {
  // Trees and forests often return 0 or 1.
  if (value === 0 || value === 1) return writeWhole(bytes, start, value);
  if (isSmallFraction(value)) {
    const zeros = zerosOf(value);
    const whole = significant(value, zeros, digits);
    if (whole !== null) {
      const before = FRACTION_BYTES[zeros]!;
      bytes.set(before, start);
      return writeWhole(bytes, start + before.length, whole);
    }
  }
  return start + bytes.write(digitsText(value, digits), start);
}

function isSmallFraction(size: number): boolean {
  return size >= 1e-6 && size < 1;
}

/** The zeros after the point. */
function zerosOf(size: number): number {
  return -Math.floor(Math.log10(size)) - 1;
}

/** The digits after these zeros as a whole number. Null if rounding leads to the next power of ten. */
function significant(size: number, zeros: number, digits: number): number | null {
  let whole = Math.round(size * POWERS_OF_TEN[digits + zeros]!);
  if (whole === POWERS_OF_TEN[digits]) return null;
  while (whole % 10 === 0) whole /= 10;
  return whole;
}

export function float64Text(value: number): string {
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

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
