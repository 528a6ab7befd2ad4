// How many of the waiting online rows go into one batch.
import { expect, it } from 'vitest';
import { nextBatch } from '#forebay/workers/intake/online-rows.js';

const AT_ONCE = { maxWaitMs: 0, preferredSizes: [] };
const GATHERING = { maxWaitMs: 5, preferredSizes: [8, 4] };
const twoLanes = (fewest: number) => ({ lanes: 2, fewest, most: 16 });

it.each([
  { waiting: 1, fewest: 1, rows: 1, isFull: false },
  { waiting: 8, fewest: 1, rows: 4, isFull: true },
  { waiting: 7, fewest: 1, rows: 4, isFull: true },
  { waiting: 8, fewest: 6, rows: 6, isFull: true },
  { waiting: 8, fewest: Infinity, rows: 8, isFull: false },
  { waiting: 40, fewest: 1, rows: 16, isFull: true },
])('$waiting rows are divided between two lanes: $rows leave, at least $fewest', (one) => {
  const { waiting, fewest, ...expected } = one;
  expect(nextBatch(waiting, 0, AT_ONCE, twoLanes(fewest))).toEqual(expected);
});

it('all rows leave together while no lane is known to hold the model', () => {
  expect(nextBatch(5, 0, AT_ONCE, { lanes: 0, fewest: 1, most: 16 })).toEqual({ rows: 5, isFull: false });
});

it.each([
  { waiting: 3, waitedMs: 4, rows: 0, isFull: false },
  { waiting: 3, waitedMs: 5, rows: 3, isFull: false },
  { waiting: 7, waitedMs: 0, rows: 4, isFull: true },
  { waiting: 20, waitedMs: 0, rows: 16, isFull: true },
])('rows that wait for others are not divided: $waiting rows after $waitedMs ms', (one) => {
  const { waiting, waitedMs, ...expected } = one;
  expect(nextBatch(waiting, waitedMs, GATHERING, twoLanes(1))).toEqual(expected);
});
