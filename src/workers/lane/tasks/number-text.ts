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

/** Writes the text of `digitsText` into `bytes` at `start`, at most 32 bytes. Returns the offset after it. */
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
