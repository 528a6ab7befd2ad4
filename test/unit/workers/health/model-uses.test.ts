// What a heartbeat says of the work of lanes.
import { expect, it } from 'vitest';
import { createEvents } from '#forebay/shared/observe/events.js';
import { createModelUses } from '#forebay/workers/health/model-uses.js';

function answered(queue: string, rows: number, inferMs: number) {
  const timings = {
    readMs: 0,
    decodeMs: 2,
    prepareMs: 1,
    inferMs,
    postMs: 1,
    restMs: 0,
    laneWaitMs: 3,
    bytes: 0,
  };
  return { queue, rows, failed: 1, calls: 1, room: 8, waitedMs: 5, ms: inferMs + 7, timings, runs: () => [] };
}

it('sums rows and times by model', () => {
  const events = createEvents();
  const uses = createModelUses(events);
  events.emit('batch.answered', answered('a', 2, 10));
  events.emit('batch.answered', answered('a', 4, 20));
  events.emit('batch.answered', answered('b', 1, 30));
  expect(uses.of('nothing')).toBeNull();
  expect(uses.of('a')).toEqual({
    rows: 6,
    failed: 2,
    batches: 2,
    lastAt: expect.any(Number),
    batchMs: 17 + 27,
    rowMs: {
      total: 5 + 2 * 17 + 5 + 4 * 27,
      queue: 5 + 2 * 3 + 5 + 4 * 3,
      input: 6 * 3,
      infer: 20 + 80,
      output: 6,
    },
  });
});

it('gives the share of the time in which lanes worked, over a second at least', () => {
  const events = createEvents();
  let now = 0;
  const uses = createModelUses(events, () => now);
  events.emit('batch.answered', answered('a', 1, 996));
  now = 2000;
  expect(uses.busyShare(2)).toBe(0.25);
  events.emit('batch.answered', answered('a', 1, 10_000));
  now = 2500;
  expect(uses.busyShare(2)).toBe(0.25);
  now = 4000;
  expect(uses.busyShare(2)).toBe(1);
  now = 6000;
  expect(uses.busyShare(2)).toBe(0);
});
