// Writes the numbers of answers as JSON text.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { halfTable, toHalfBits } from '#forebay/workers/lane/image/normalise/half.js';
import { float32Text } from '#forebay/shared/text/float32-text.js';
import { float64Text } from '#forebay/shared/text/float64-text.js';
import { digitsText, writeDigits, halfText } from '#forebay/workers/lane/tasks/number-text.js';

it('the text of a float32 reads back as the same float32, and has at most 9 digits', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = float32Text(value);
      expect(Math.fround(Number(text)) === value).toBe(true);
      const digits = text
        .replace(/e.*/, '')
        .replaceAll(/\D/g, '')
        .replaceAll(/^0+|0+$/g, '');
      expect(digits.length).toBeLessThanOrEqual(9);
    }),
    { numRuns: 20_000 },
  );
});

it.each([
  [Math.fround(0.1), '0.1'],
  [Math.fround(-2 / 3), '-0.6666667'],
  [Math.fround(3.4028234663852886e38), '3.4028235e+38'],
  [2 ** -149, '1e-45'],
  [16_777_216, '16777216'],
  [0, '0'],
  [-0.5, '-0.5'],
  [1.5, '1.5'],
  [Math.fround(12_345.678), '12345.678'],
  [999_999_936, '999999936'],
  [2 ** 30, '1073741800'],
  [Math.fround(0.99999994), '0.99999994'],
  [Math.fround(0.00001234), '0.00001234'],
  [Math.fround(1e-6), '0.000001'],
  [Math.fround(-1.25e-7), '-1.25e-7'],
  [Math.fround(5e-13), '5e-13'],
  [Math.fround(1.1754944e-38), '1.1754944e-38'],
  [Number.NaN, '"NaN"'],
  [-Infinity, '"-Infinity"'],
])('the float32 %f is written as %s', (value, text) => {
  expect(float32Text(value)).toBe(text);
});

it('the text of a float32 has no unnecessary digit', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -999_999, max: 999_999 }),
      fc.integer({ min: -25, max: 25 }),
      (digits, power) => {
        const value = Number(`${digits}e${power}`);
        // Whole numbers below 1e9 are exact.
        if (Number.isInteger(value) && Math.abs(value) < 1e9) return;
        expect(Number(float32Text(Math.fround(value)))).toBe(value);
      },
    ),
    { numRuns: 20_000 },
  );
});

it('the text of each half reads back as the same half', () => {
  for (const [bits, value] of halfTable().entries()) {
    if (Number.isFinite(value)) {
      if (toHalfBits(Number(halfText(bits))) !== (value === 0 ? 0 : bits))
        throw new Error(`${value} is written as ${halfText(bits)}`);
    } else expect(halfText(bits)).toBe(`"${value}"`);
  }
  expect(halfText(toHalfBits(0.1))).toBe('0.1');
});

it('a double is written in full', () => {
  expect(float64Text(0.1 + 0.2)).toBe('0.30000000000000004');
  expect(float64Text(Infinity)).toBe('"Infinity"');
});

it('a rounded number has the digits of toPrecision, except for ties', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, min: -1e300, max: 1e300 }),
      fc.integer({ min: 1, max: 9 }),
      (value, digits) => {
        const wanted = Number(value.toPrecision(digits));
        const difference = Math.abs(Number(digitsText(value, digits)) - wanted);
        expect(difference).toBeLessThanOrEqual(Math.abs(wanted) * 10 ** (1 - digits));
      },
    ),
  );
});

it('a score is written the same as bytes and as text', () => {
  const bytes = Buffer.alloc(40);
  const written = (value: number, digits: number) =>
    bytes.toString('latin1', 0, writeDigits(bytes, 0, value, digits));
  const share = fc.oneof(
    fc.float({ min: 0, max: 1, noNaN: true }),
    fc.nat(1000).map((whole) => whole / 1000),
  );
  fc.assert(
    fc.property(share, fc.integer({ min: 1, max: 15 }), (value, digits) => {
      expect(written(value, digits)).toBe(digitsText(value, digits));
    }),
    { numRuns: 2000 },
  );
  expect([0.1, 0.01, 0.001, 0.0999999999, 0.00999999996].map((value) => written(value, 6))).toEqual([
    '0.1',
    '0.01',
    '0.001',
    '0.1',
    '0.01',
  ]);
});

it('a rounded fraction is written as JavaScript writes it', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, min: -1, max: 1 }),
      fc.integer({ min: -9, max: 0 }),
      (share, power) => {
        const text = digitsText(share * 10 ** power, 6);
        expect(text).toBe(String(Number(text)));
      },
    ),
    { numRuns: 20_000 },
  );
  expect([0.9999996, 0.1, 0.000001, 1e-7, -0.25, 0].map((value) => digitsText(value, 6))).toEqual([
    '1',
    '0.1',
    '0.000001',
    '1e-7',
    '-0.25',
    '0',
  ]);
});
