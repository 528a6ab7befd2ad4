/** Computes a rate and its error bar from the times at which batches finished. Pure. */
import { studentT } from '../../shared/math/student-t.ts';
import { sum } from '../../shared/math/sum.ts';

/** Rows that were answered together. */
export interface Completion {
  /** Milliseconds. */
  readonly at: number;
  readonly rows: number;
}

export interface SampleRate {
  readonly rowsPerS: number;
  /** Half the 95 % confidence interval, rows/s. Null with too few completions. */
  readonly errorRowsPerS: number | null;
  readonly rows: number;
  readonly seconds: number;
}

/** Groups for the batch means. Fewer show little about the spread, and more are no longer independent. */
const MAX_GROUPS = 10;
const MIN_GROUPS = 3;
/** Below 1, so that the lower end of an interval stays above zero. */
const MAX_RELATIVE_ERROR = 0.9;

/**
 * `completions`: in order of time, none before `startedAt`. The first completion of each lane fills the pipeline and warms
 * up the model. If enough others follow, these first ones only start the clock. Null if there are no completions, or no
 * time passed.
 */
export function sampleRate(
  completions: readonly Completion[],
  { startedAt, lanes }: { startedAt: number; lanes: number },
): SampleRate | null {
  if (completions.length === 0) return null;
  const warmUp = completions.length >= 2 * lanes + MIN_GROUPS ? lanes : 0;
  const origin = warmUp === 0 ? startedAt : completions[warmUp - 1]!.at;
  const counted = completions.slice(warmUp);
  const rows = sum(counted.map((c) => c.rows));
  const seconds = (counted.at(-1)!.at - origin) / 1000;
  // All were answered in one instant, so there is no time to divide by.
  if (seconds <= 0) return null;
  const rowsPerS = rows / seconds;
  const error = relativeError(counted, origin, lanes);
  return { rowsPerS, errorRowsPerS: error === null ? null : error * rowsPerS, rows, seconds };
}

/**
 * Uses batch means of the time per row. Each group has at least as many completions as there are lanes. Student's t
 * turns the spread of the means into an interval.
 */
function relativeError(counted: readonly Completion[], origin: number, lanes: number): number | null {
  const groups = Math.min(MAX_GROUPS, Math.floor(counted.length / lanes));
  if (groups < MIN_GROUPS) return null;
  const paces: number[] = [];
  for (let g = 0, begun = origin; g < groups; g++) {
    const group = counted.slice(
      Math.floor((g * counted.length) / groups),
      Math.floor(((g + 1) * counted.length) / groups),
    );
    const end = group.at(-1)!.at;
    paces.push((end - begun) / sum(group.map((c) => c.rows)));
    begun = end;
  }
  const mean = sum(paces) / groups;
  const variance = sum(paces.map((pace) => (pace - mean) ** 2)) / (groups - 1);
  const half = studentT(groups - 1) * Math.sqrt(variance / groups);
  return Math.min(MAX_RELATIVE_ERROR, half / mean);
}
