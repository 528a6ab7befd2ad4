/**
 * Writes floats as JSON text. Rounds them to some digits, or finds the shortest decimal that reads back as the same
 * value of their type. shared/text does so for float32 and float64. JSON has no NaN and no infinities, so these
 * become strings.
 */
import { POWERS_OF_TEN } from '../../../shared/text/float32-text.ts';
import { writeWhole } from '../../../shared/text/write-whole.ts';
import { halfTable, toHalfBits } from '../image/normalise/half.ts';

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
const ZERO = 0x30;
const POINT = 0x2e;

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

/** Writes the text of `digitsText` into `bytes` at `start`, at most 32 bytes. Returns the offset after it. */
export function writeDigits(bytes: Buffer, start: number, value: number, digits: number): number {
  // Trees and forests often return 0 or 1.
  if (value === 0 || value === 1) return writeWhole(bytes, start, value);
  if (isSmallFraction(value)) {
    const zeros = zerosOf(value);
    const whole = significant(value, zeros, digits);
    if (whole !== null) {
      bytes[start] = ZERO;
      bytes[start + 1] = POINT;
      let end = start + 2;
      for (let i = 0; i < zeros; i++) bytes[end++] = ZERO;
      return writeWhole(bytes, end, whole);
    }
  }
  return start + bytes.write(digitsText(value, digits), start);
}

function isSmallFraction(size: number): boolean {
  return size >= 1e-6 && size < 1;
}

/** The zeros after the point. Most scores have none, so comparisons find them sooner than a logarithm. */
function zerosOf(size: number): number {
  if (size >= 0.1) return 0;
  if (size >= 0.01) return 1;
  return size >= 0.001 ? 2 : -Math.floor(Math.log10(size)) - 1;
}

/** The digits after these zeros as a whole number. Null if rounding leads to the next power of ten. */
function significant(size: number, zeros: number, digits: number): number | null {
  const rounded = Math.round(size * POWERS_OF_TEN[digits + zeros]!);
  if (rounded === POWERS_OF_TEN[digits]) return null;
  return digits <= MOST_INT32_DIGITS ? withoutZeros(rounded | 0) : withoutZerosOf(rounded);
}

/** A whole number with up to this many digits fits into 32 bits. */
const MOST_INT32_DIGITS = 9;

/** Dividing integers takes a tenth of the time of `%` on doubles. */
function withoutZeros(whole: number): number {
  let left = whole;
  for (;;) {
    const tenth = (left / 10) | 0;
    if (tenth * 10 !== left) return left;
    left = tenth;
  }
}

function withoutZerosOf(whole: number): number {
  let left = whole;
  while (left % 10 === 0) left /= 10;
  return left;
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
