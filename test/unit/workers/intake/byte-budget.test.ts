import { expect, it } from 'vitest';
import { createByteBudget } from '#forebay/workers/intake/byte-budget.js';
import { waitUntil } from '../../../support/wait-until.ts';

it('divides blocked time among the readers that wait at the same time', async () => {
  const budget = createByteBudget(100);
  const first = await budget.admit();
  expect(first.blockedMs).toBe(0);
  first.settle(100);
  const [second, third] = [budget.admit(), budget.admit()];
  expect(budget.spent).toBe(true);
  await waitUntil('some time to have passed', () => budget.blockedMs >= 30);
  first.release();
  const later = await second;
  later.release();
  const last = await third;
  last.release();
  const shares = later.blockedMs + last.blockedMs;
  expect(shares).toBeGreaterThanOrEqual(30);
  expect(shares).toBeCloseTo(budget.blockedMs, 3);
});

it('admits one row at a time while it is held, and afterwards all rows that fit', async () => {
  const budget = createByteBudget(1e9);
  budget.hold(true);
  const first = await budget.admit();
  let admitted = 1;
  const others = [1, 2, 3].map(async () => {
    const booking = await budget.admit();
    admitted += 1;
    return booking;
  });
  first.release();
  await waitUntil('the next row', () => admitted === 2);
  expect(budget.spent).toBe(true);
  budget.hold(false);
  for (const booking of await Promise.all(others)) booking.release();
  expect(budget.spent).toBe(false);
});

it('bytes that a block keeps make rows wait, but never the only one', async () => {
  const budget = createByteBudget(1e6);
  const release = budget.keep(2e6);
  const first = await budget.admit();
  const next = budget.admit();
  expect([budget.spent, budget.used > 2e6]).toEqual([true, true]);
  first.release();
  (await next).release();
  release();
  expect(budget.used).toBe(0);
});
