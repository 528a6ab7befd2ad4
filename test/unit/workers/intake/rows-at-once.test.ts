import { expect, it } from 'vitest';
import { batchGroup, emptyGroup } from '#forebay/workers/intake/batch-group.js';
import { createRowsAtOnce } from '#forebay/workers/intake/rows-at-once.js';
import type { LaneInput } from '#forebay/workers/lane/messages.js';

const FILE: LaneInput = { path: '/photo.jpg', tenant: 'a' };

interface Given {
  ready?: number;
  row?: LaneInput;
  rowMs?: number | null;
  emptyLanes?: number;
  lanes?: number;
  expected?: number;
  isEnding?: boolean;
  memory?: 'normal' | 'slow';
  how?: 'prefetch' | 'partial' | 'empty';
}

/** Makes a group whose calls have 4 rows, and whose batches have at most 16. */
function setUp({
  ready = 40,
  row = FILE,
  rowMs = 5,
  emptyLanes = 0,
  lanes = 2,
  expected = 0,
  isEnding = false,
  memory = 'normal',
}: Given) {
  const group = emptyGroup(
    batchGroup({
      model: 'm',
      options: {},
      batchSize: 4,
      mostRows: 16,
      maxWaitMs: 50,
      priority: 50,
      tenant: 'a',
      input: 'image',
    }),
  );
  const receiver = { answered: () => {} };
  const inputs = Array.from({ length: ready }, () => row);
  group.ready.add({ inputs, receiver, tenant: 'a', first: 0, since: 0 });
  group.expected = expected;
  group.inHand = ready + expected;
  group.isEnding = isEnding;
  const pool = { emptyLanes: () => emptyLanes, lanesOf: () => lanes, memory };
  return { group, rowsFor: createRowsAtOnce({ pool, rowMs: () => rowMs }) };
}

function rowsAtOnce({ how = 'prefetch', ...given }: Given) {
  const { group, rowsFor } = setUp(given);
  return rowsFor.ofBlocks(group, how);
}

it('sends several calls at once, as many as are over in 100 ms', () => {
  expect(rowsAtOnce({})).toBe(16);
  expect(rowsAtOnce({ rowMs: 10 })).toBe(8);
  expect(rowsAtOnce({ rowMs: 13 })).toBe(4);
  expect(rowsAtOnce({ rowMs: 400 })).toBe(4);
});

it('sends only full calls', () => {
  expect(rowsAtOnce({ ready: 15 })).toBe(12);
  expect(rowsAtOnce({ ready: 7 })).toBe(4);
});

it('divides the rows among lanes that have none', () => {
  expect(rowsAtOnce({ ready: 32, emptyLanes: 2 })).toBe(16);
  expect(rowsAtOnce({ ready: 32, emptyLanes: 8 })).toBe(4);
  expect(rowsAtOnce({ ready: 28, emptyLanes: 3 })).toBe(12);
});

it('sends fewer calls at once near the end of a job, so that lanes finish together', () => {
  // Three batches for each of two lanes.
  expect(rowsAtOnce({ ready: 100, isEnding: true })).toBe(16);
  expect(rowsAtOnce({ ready: 71, isEnding: true })).toBe(8);
  expect(rowsAtOnce({ ready: 47, isEnding: true })).toBe(4);
  expect(rowsAtOnce({ ready: 100, lanes: 4, isEnding: true })).toBe(8);
  expect(rowsAtOnce({ ready: 5, isEnding: true })).toBe(4);
});

it('counts rows that are still being read as left', () => {
  expect(rowsAtOnce({ ready: 20, expected: 80, isEnding: true })).toBe(16);
});

it.each([
  { when: 'no row of the model has been measured', rowMs: null },
  { when: 'the worker is short of memory', memory: 'slow' as const },
  { when: 'the lane must be empty', how: 'empty' as const },
  { when: 'their files would arrive late', row: { bytes: new Uint8Array(200_000) } },
])('sends one call when $when', (more) => {
  expect(rowsAtOnce(more)).toBe(4);
});

it('sends several calls of photos that travel with their rows', () => {
  expect(rowsAtOnce({ row: { bytes: new Uint8Array(100_000) } })).toBe(16);
});

it.each([
  { when: 'rows take 5 ms', rowMs: 5, rows: 16 },
  { when: 'rows take 12 ms', rowMs: 12, rows: 8 },
  { when: 'rows take 40 ms', rowMs: 40, rows: 4 },
  { when: 'no row of the model has been measured', rowMs: null, rows: 4 },
  { when: 'the worker is short of memory', rowMs: 5, memory: 'slow' as const, rows: 4 },
])('an online batch has at most $rows rows when $when', ({ rows, ...given }) => {
  const { group, rowsFor } = setUp(given);
  expect(rowsFor.ofOnline(group)).toBe(rows);
});
