/** Computes the rate of lanes, with its error, from the times at which their batches ended. Pure. */
import { studentT } from '../../../shared/math/student-t.ts';
import type { Reading } from '../search/duel.ts';

/** A batch that has ended. */
export interface Completion {
  readonly lane: number;
  /** Milliseconds from any origin. */
  readonly at: number;
  readonly rows: number;
}

/** A rate is never known better than this, however regular its batches are. */
const LEAST_ERROR = 0.005;
/** The error of a lane with only one interval, which shows nothing about the spread. No lane has a larger error. */
const UNKNOWN_SPREAD = 0.3;

export interface LaneRate extends Reading {
  readonly rate: number;
  /** Intervals between batches, of the lane with the fewest. */
  readonly intervals: number;
}

/**
 * Measures each lane from its first completion to its last, so that only whole batches count. Null while a lane has no
 * interval yet.
 */
export function rateOf(completions: readonly Completion[], lanes: number): LaneRate | null {
  let rate = 0;
  let variance = 0;
  let intervals = Infinity;
  for (let lane = 0; lane < lanes; lane++) {
    const mine = completions.filter((done) => done.lane === lane);
    if (mine.length < 2) return null;
    const gaps = mine.slice(1).map((done, i) => done.at - mine[i]!.at);
    const rows = mine.slice(1).reduce((sum, done) => sum + done.rows, 0);
    const span = mine.at(-1)!.at - mine[0]!.at;
    const laneRate = (rows * 1000) / Math.max(span, 1e-3);
    rate += laneRate;
    variance += (laneRate * relativeError(gaps)) ** 2;
    intervals = Math.min(intervals, gaps.length);
  }
  return { rate, error: Math.max(LEAST_ERROR, Math.sqrt(variance) / rate), intervals };
}

/**
 * Half the 95 % interval of the mean gap, as a share of the mean. Results arrive in bursts, so many gaps are pooled
 * into groups.
 */
function relativeError(gaps: readonly number[]): number {
  const groups = gaps.length >= 16 ? pool(gaps, 8) : gaps;
  if (groups.length < 2) return UNKNOWN_SPREAD;
  const mean = groups.reduce((sum, gap) => sum + gap, 0) / groups.length;
  const squares = groups.reduce((sum, gap) => sum + (gap - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (groups.length - 1));
  return Math.min(
    UNKNOWN_SPREAD,
    (studentT(groups.length - 1) * deviation) / (mean * Math.sqrt(groups.length)),
  );
}

function pool(gaps: readonly number[], groups: number): number[] {
  const size = Math.floor(gaps.length / groups);
  return Array.from({ length: groups }, (_, i) =>
    gaps.slice(i * size, (i + 1) * size).reduce((sum, gap) => sum + gap, 0),
  );
}
