// How many blocks a job may have queued or running.
import { expect, it } from 'vitest';
import { queueLimit, windowLimit, windowRoom } from '#forebay/api/feeder/policies.js';

const STATE = { concurrency: null, liveLanes: 2, inWindow: 0, blocksPerS: 0 };

it('keeps sixteen blocks in the window, or three a lane', () => {
  expect(windowLimit(STATE)).toBe(16);
  expect(windowLimit({ ...STATE, liveLanes: 64 })).toBe(192);
});

it('widens the window to a tenth of a second of blocks that are tiny, within a bound', () => {
  expect(windowLimit({ ...STATE, blocksPerS: 100 })).toBe(16);
  expect(windowLimit({ ...STATE, blocksPerS: 1_000 })).toBe(100);
  expect(windowLimit({ ...STATE, blocksPerS: 1_000_000 })).toBe(256);
});

it('never goes beyond the concurrency that a job asks for', () => {
  const state = { ...STATE, concurrency: 3, blocksPerS: 1_000, inWindow: 2 };
  expect(windowLimit(state)).toBe(3);
  expect(windowRoom(state)).toBe(1);
});

it('gives a queue room for twice the window of who asks, unless an operator said otherwise', () => {
  expect(queueLimit(2, undefined)).toBe(64);
  expect(queueLimit(2, undefined, 100)).toBe(200);
  expect(queueLimit(2, 8, 100)).toBe(8);
});
