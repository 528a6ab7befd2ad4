import fc from 'fast-check';
import { expect, it } from 'vitest';
import { float32Text, toDigits } from '#forebay/workers/lane/tasks/number-text.js';

it('writes a float32 with no more digits than it needs', () => {
  const texts = [0.1, 70.582703, 1234567.5, 16777216, -0.00012345678, 0, -0, 1e-45, 3.4028234663852886e38];
  expect(texts.map((value) => float32Text(Math.fround(value)))).toEqual([
    '0.1',
    '70.5827',
    '1234567.5',
    '16777216',
    '-0.00012345678',
    '0',
    '0',
    '1.4013e-45',
    '3.4028235e+38',
  ]);
});

it('writes any float32 so that it reads back as itself', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Math.fround(Number(float32Text(value)))).toBe(value === 0 ? 0 : value);
    }),
    { numRuns: 5_000 },
  );
});

it('rounds to the same digits as toPrecision, but for ties', () => {
  fc.assert(
    fc.property(
      fc.double({ noNaN: true, min: -1e300, max: 1e300 }),
      fc.integer({ min: 1, max: 9 }),
      (value, digits) => {
        const wanted = Number(value.toPrecision(digits));
        expect(Math.abs(toDigits(value, digits) - wanted)).toBeLessThanOrEqual(
          Math.abs(wanted) * 10 ** (1 - digits),
        );
      },
    ),
  );
});
