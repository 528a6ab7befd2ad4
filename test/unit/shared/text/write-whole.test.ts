// Whole numbers as bytes are those that JavaScript writes.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { writeWhole } from '#forebay/shared/text/write-whole.js';

it('a whole number of any size is written as JavaScript writes it', () => {
  const bytes = Buffer.alloc(32, 'x');
  const written = (whole: number) => bytes.toString('latin1', 3, writeWhole(bytes, 3, whole));
  const edges = Array.from({ length: 16 }, (_, power) => [10 ** power - 1, 10 ** power]).flat();
  for (const whole of [...edges, 2 ** 31 - 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER])
    expect(written(whole)).toBe(String(whole));
  const same = fc.property(fc.maxSafeNat(), (whole) => {
    expect(written(whole)).toBe(String(whole));
  });
  fc.assert(same);
});
