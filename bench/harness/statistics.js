/** Medians, percentiles and ratios of paired runs. Pure. */

/** @param {readonly number[]} values at least one */
export function median(values) {
  return percentile(values, 0.5);
}

/**
 * Interpolates linearly between neighbours.
 * @param {readonly number[]} values
 * @param {number} share 0..1
 */
export function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at - Math.floor(at));
}

/** @param {readonly number[]} values at least one */
export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The ratio a / b of each pair of runs. Targets are checked against the median.
 * @param {readonly number[]} a
 * @param {readonly number[]} b
 */
export function pairedRatio(a, b) {
  const ratios = a.map((value, i) => value / b[i]);
  return { median: median(ratios), ratios, low: Math.min(...ratios), high: Math.max(...ratios) };
}

/**
 * The geometric mean of the ratios a / b and its 95 % interval. It uses logarithms, because a gain and the loss that cancels
 * it then have the same distance from zero.
 * @param {readonly number[]} a
 * @param {readonly number[]} b as many
 * @returns {{ mean: number, interval: [number, number] | null }} `interval`: null with fewer than two pairs
 */
export function geometricRatio(a, b) {
  const logs = a.map((value, i) => Math.log(value / b[i]));
  const middle = mean(logs);
  if (logs.length < 2) return { mean: Math.exp(middle), interval: null };
  const variance = logs.reduce((sum, log) => sum + (log - middle) ** 2, 0) / (logs.length - 1);
  const half = studentT(logs.length - 1) * Math.sqrt(variance / logs.length);
  return { mean: Math.exp(middle), interval: [Math.exp(middle - half), Math.exp(middle + half)] };
}

/** Student's t for a two-sided 95 % interval, for 1 to 30 degrees of freedom. */
const STUDENT = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/** @param {number} degrees of freedom, at least 1. Beyond the table the approximation is off by less than 0.003. */
function studentT(degrees) {
  return STUDENT[degrees - 1] ?? 1.96 + 2.4 / degrees;
}
