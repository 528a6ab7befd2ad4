// The arithmetic of `npm run bench -- compare`: ratios with their interval, and rates while two jobs both run.
import { describe, expect, it } from 'vitest';

interface Statistics {
  readonly geometricRatio: (
    a: readonly number[],
    b: readonly number[],
  ) => { mean: number; interval: [number, number] | null };
}
interface Commit {
  readonly at: number;
  readonly rows: number;
}
interface Commits {
  readonly rateBetween: (commits: readonly Commit[], window: { from: number; to: number }) => number;
  readonly wholeWindow: (commits: readonly Commit[]) => { from: number; to: number };
  readonly sharedWindow: (all: readonly (readonly Commit[])[]) => { from: number; to: number };
}

const bench = (path: string) => new URL(`../../../bench/${path}`, import.meta.url).href;
const { geometricRatio } = (await import(bench('harness/statistics.js'))) as Statistics;
const { rateBetween, sharedWindow, wholeWindow } = (await import(bench('endtoend/commits.js'))) as Commits;

/** Commits of 10 rows each from `from` to `to` (ms), at a steady `rowsPerS`. */
function commitsAt(rowsPerS: number, from: number, to: number): Commit[] {
  const every = 10_000 / rowsPerS;
  return Array.from({ length: Math.round((to - from) / every) }, (_, i) => ({
    at: from + (i + 1) * every,
    rows: 10,
  }));
}

describe('the ratio of paired runs', () => {
  it('is the geometric mean, so that a gain and the loss that cancels it give 1', () => {
    expect(geometricRatio([2, 1], [1, 2]).mean).toBeCloseTo(1, 12);
  });

  it("has an interval from Student's t distribution of the logarithms", () => {
    const { mean, interval } = geometricRatio([1.1, 1.2, 0.9], [1, 1, 1]);
    expect(mean).toBeCloseTo(1.0591, 4);
    // 4.303 times the standard error of the three logarithms.
    expect(interval?.[0]).toBeCloseTo(0.7341, 4);
    expect(interval?.[1]).toBeCloseTo(1.528, 4);
  });

  it('uses a t of 2.093 for 20 pairs', () => {
    const ratios = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? Math.E : 1 / Math.E));
    const { interval } = geometricRatio(
      ratios,
      ratios.map(() => 1),
    );
    // The standard error is sqrt(20 / 19) / sqrt(20) = 1 / sqrt(19).
    expect(Math.log(interval![1])).toBeCloseTo(2.093 / Math.sqrt(19), 6);
  });

  it('has no interval for a single pair', () => {
    expect(geometricRatio([3], [2])).toEqual({ mean: expect.closeTo(1.5, 12), interval: null });
  });
});

describe('jobs that run together', () => {
  // Both jobs have 1,000 rows. Side by side, the fast job gets 100 rows/s and the slow job 50. When the fast job has
  // ended, the slow job has the machine to itself and gets 150.
  const fast = commitsAt(100, 0, 10_000);
  const slow = [...commitsAt(50, 0, 10_000), ...commitsAt(150, 10_000, 13_333)];

  it('are compared only while both run', () => {
    const window = sharedWindow([fast, slow]);
    expect(window).toEqual({ from: 2_000, to: 9_500 });
    expect(rateBetween(fast, window) / rateBetween(slow, window)).toBeCloseTo(2, 6);
    const own = [fast, slow].map((commits) => rateBetween(commits, wholeWindow(commits)));
    expect(own[0]! / own[1]!).toBeLessThan(1.4);
  });

  it('have the rows of a block spread over the time since the previous block', () => {
    expect(rateBetween(slow, { from: 300, to: 500 })).toBeCloseTo(50, 6);
  });

  it('are refused if one ends before the other runs steadily', () => {
    const late = fast.map(({ at, rows }) => ({ at: at + 20_000, rows }));
    expect(() => sharedWindow([fast, late])).toThrow('more rows');
  });
});
