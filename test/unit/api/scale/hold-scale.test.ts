import { describe, expect, it } from 'vitest';
import { holdScale, holdText } from '#forebay/api/scale/hold-scale.js';
import type { ScaleState } from '#forebay/shared/queue/workers/scale-memory.js';

const SETTINGS = { max: 10, downAfterMs: 300_000 };

/** The workers that the pool should have after each change: [seconds, wanted]. */
function course(live: number, ...changes: (readonly [number, number])[]): number[] {
  let state: ScaleState | null = null;
  return changes.map(([s, wanted]) => {
    state = holdScale(state, { wanted, live, now: s * 1000 }, SETTINGS);
    return state.workers;
  });
}

describe('the number of wanted workers', () => {
  it('rises at once', () => {
    expect(course(0, [0, 1], [1, 8], [2, 10])).toEqual([1, 8, 10]);
  });

  it('falls only after fewer have been enough for the whole time', () => {
    expect(course(0, [0, 8], [10, 2], [309, 2], [310, 2], [311, 2])).toEqual([8, 8, 8, 2, 2]);
  });

  it('falls to the most that was needed meanwhile, and further after another while', () => {
    expect(course(0, [0, 8], [10, 2], [200, 5], [310, 1], [609, 1], [610, 1])).toEqual([8, 8, 8, 5, 5, 1]);
  });

  it('does not fall if all workers are needed again meanwhile', () => {
    expect(course(0, [0, 8], [10, 2], [300, 8], [320, 2], [400, 2])).toEqual([8, 8, 8, 8, 8]);
  });

  it('starts from the live workers, so that a lost state ends none of them at once', () => {
    expect(course(6, [0, 2], [299, 2], [300, 2])).toEqual([6, 6, 2]);
  });

  it('obeys a lower maximum at once', () => {
    const before: ScaleState = { v: 1, workers: 40, lower: null };
    expect(holdScale(before, { wanted: 10, live: 40, now: 0 }, SETTINGS).workers).toBe(10);
  });

  it('says why workers stay', () => {
    const state: ScaleState = { v: 1, workers: 8, lower: { since: 0, peak: 2 } };
    expect(holdText(state, 2, 120_000, SETTINGS)).toBe(
      '2 would do; 8 stay until fewer have been enough for 300 s (120 s so far)',
    );
    expect(holdText({ ...state, lower: null }, 8, 0, SETTINGS)).toBeNull();
  });
});
