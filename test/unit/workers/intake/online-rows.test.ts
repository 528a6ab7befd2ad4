// How many of the waiting online rows go into one batch, and how long they wait for others.
import { expect, it } from 'vitest';
import { nextBatch, patienceMs } from '#forebay/workers/intake/online-rows.js';

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
  { waiting: 3, patience: 1, rows: 0, isFull: false },
  { waiting: 3, patience: 0, rows: 3, isFull: false },
  { waiting: 7, patience: 5, rows: 4, isFull: true },
  { waiting: 20, patience: 5, rows: 16, isFull: true },
])('rows that wait for others are not divided: $waiting rows that may wait for $patience ms', (one) => {
  const { waiting, patience, ...expected } = one;
  expect(nextBatch(waiting, patience, GATHERING, twoLanes(1))).toEqual(expected);
});

it.each([
  { which: 'without a deadline', maxWaitMs: 50, timeoutMs: undefined, answerMs: 5, mayWait: 40 },
  { which: 'with a late deadline', maxWaitMs: 50, timeoutMs: 1_000, answerMs: 5, mayWait: 40 },
  { which: 'with an early deadline', maxWaitMs: 5_000, timeoutMs: 1_000, answerMs: 5, mayWait: 490 },
  { which: 'with a slow answer', maxWaitMs: 5_000, timeoutMs: 1_000, answerMs: 800, mayWait: 190 },
  {
    which: 'with a deadline too early for its answer',
    maxWaitMs: 50,
    timeoutMs: 100,
    answerMs: 800,
    mayWait: -710,
  },
])('a row $which leaves in time: after $mayWait ms more', ({ maxWaitMs, timeoutMs, answerMs, mayWait }) => {
  const now = { local: 110, machine: 7_010 };
  const answered = () => {};
  const deadline = timeoutMs === undefined ? {} : { deadline: 7_000 + timeoutMs };
  const patient = { since: 110, receiver: { answered } };
  const row = { since: 100, receiver: { answered, ...deadline } };
  expect(patienceMs([patient, row], { maxWaitMs, answerMs }, now)).toBeCloseTo(mayWait);
});
