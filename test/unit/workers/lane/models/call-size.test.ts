import { expect, it } from 'vitest';
import { createCallSize } from '#forebay/workers/lane/models/call-size.js';

const well = (size: ReturnType<typeof createCallSize>, times: number) => {
  for (let i = 0; i < times; i++) size.wentWell(size.rows);
};

it('halves with each failure, down to one row', () => {
  const size = createCallSize();
  expect(size.rows).toBe(Infinity);
  const seen = [5, 3, 2, 1].map((rows) => {
    size.ranOut(rows);
    return size.rows;
  });
  expect(seen).toEqual([3, 2, 1, 1]);
});

it('doubles after enough successful calls, and has no limit once calls of the failed size succeed', () => {
  const size = createCallSize();
  size.ranOut(16);
  expect(size.rows).toBe(8);
  for (let i = 0; i < 100; i++) size.wentWell(3);
  expect(size.rows).toBe(8);
  well(size, 16);
  expect(size.rows).toBe(16);
  well(size, 16);
  expect(size.rows).toBe(Infinity);
});

it('retries a failed size less and less often', () => {
  const size = createCallSize();
  size.ranOut(16);
  well(size, 16);
  size.ranOut(16);
  well(size, 31);
  expect(size.rows).toBe(8);
  well(size, 1);
  expect(size.rows).toBe(16);
});
