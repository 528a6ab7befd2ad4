import { expect, it } from 'vitest';
import { halfTable, toHalfBits } from '#forebay/workers/lane/image/normalise/half.js';

it('every half converts to a float and back to the same bits', () => {
  const wrong = Array.from(halfTable(), (value, bits) => [bits, value] as const).filter(
    ([bits, value]) => !Number.isNaN(value) && toHalfBits(value) !== bits,
  );
  expect(wrong).toEqual([]);
});

it('rounds to the nearest half, ties to even, and overflows to infinity', () => {
  expect(toHalfBits(1 + 2 ** -11)).toBe(toHalfBits(1));
  expect(toHalfBits(1 + 3 * 2 ** -11)).toBe(toHalfBits(1 + 2 ** -9));
  expect(toHalfBits(2 - 2 ** -12)).toBe(toHalfBits(2));
  expect(toHalfBits(2 ** -25)).toBe(0);
  expect(toHalfBits(65_519)).toBe(0x7bff);
  expect(toHalfBits(-65_520)).toBe(0xfc00);
  expect(halfTable()[toHalfBits(Number.NaN)]).toBeNaN();
});
