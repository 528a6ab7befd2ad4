// Distinguishes a lane that has grown permanently from one whose batches are large.
import { expect, it } from 'vitest';
import { createLaneGrowth } from '#forebay/workers/memory/lane-growth.js';

const MB = 1024 * 1024;
const WINDOW_MS = 1000;

/** Checks ten times per window. Each entry lists the sizes in MB between which the lane swings during one window. */
function windows(
  sizes: readonly (readonly number[])[],
  { works = true, restartedAt = Infinity } = {},
): boolean[] {
  let time = 0;
  let done = 0;
  const growth = createLaneGrowth({ factor: 2, windowMs: WINDOW_MS, now: () => time });
  return sizes.map((swing, n) => {
    let grown = false;
    for (let i = 0; i < 10; i++) {
      time += WINDOW_MS / 10;
      if (works) done += 1;
      const ownBytes = swing[i % swing.length]! * MB;
      grown = growth.look([{ pid: n < restartedAt ? 1 : 2, ownBytes, done }]).size > 0 || grown;
    }
    return grown;
  });
}

it('a lane has grown if it never falls below a multiple of its first maximum', () => {
  expect(windows([[200, 300], [200, 500], [610, 700], [610]])).toEqual([false, false, false, true]);
});

it('a lane that swings, has not worked, or is small has not grown', () => {
  const swinging = [
    [200, 300],
    [250, 900],
    [250, 900],
    [250, 900],
  ];
  expect(windows(swinging)).toEqual([false, false, false, false]);
  expect(windows([[200], [900], [900], [900]], { works: false })).toEqual([false, false, false, false]);
  expect(windows([[20], [70], [70], [70]])).toEqual([false, false, false, false]);
});

it('starts over after a restart of the lane', () => {
  const sizes = [[100], [100], [100], [100], [400], [400], [400], [400]];
  expect(windows(sizes, { restartedAt: 4 })).toEqual(sizes.map(() => false));
});
