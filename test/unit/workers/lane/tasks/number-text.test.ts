import { expect, it } from 'vitest';
import { significant } from '#forebay/workers/lane/tasks/number-text.js';
import { createRandom } from '../../../../support/random.ts';

it('a number has as many digits as asked, and is the nearest one', () => {
  expect(significant(0.123456789, 7)).toBe('0.1234568');
  expect(significant(-0.00012345678, 6)).toBe('-0.000123457');
  expect(significant(123456789, 6)).toBe('123457000');
  expect(significant(0, 6)).toBe('0');
  expect(significant(1, 7)).toBe('1');
  expect(significant(9.9999999, 7)).toBe('10');
});

it('every float32 is as toPrecision gives it, whatever its size', () => {
  const random = createRandom(5);
  const bits = new DataView(new ArrayBuffer(4));
  for (let i = 0; i < 20_000; i++) {
    bits.setUint32(0, random.int(0, 2 ** 32 - 1));
    const value = bits.getFloat32(0);
    if (Number.isFinite(value)) expect(significant(value, 7)).toBe(String(Number(value.toPrecision(7))));
  }
});
