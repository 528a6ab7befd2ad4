/** The arithmetic of measuring: variants that take turns, medians, ratios of pairs. Knows nothing of what is measured. */

/** @param {readonly number[]} values at least one; of an even count the mean of the middle two */
export function median(values) {
  return percentile(values, 0.5);
}

/** Linear between neighbours. @param {readonly number[]} values @param {number} share 0..1 */
export function percentile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at - Math.floor(at));
}

/**
 * Runs the variants in turn, A B A B ..., so that a slower moment of the machine meets all alike.
 * @template T
 * @param {{ runs: number, variants: Record<string, () => Promise<T>>, log?: (text: string) => void,
 *   show?: (value: T) => string }} options `show`: a run's line in the log
 * @returns {Promise<Record<string, T[]>>} what each returned, in order of runs
 */
export async function inTurns({ runs, variants, log = () => {}, show = String }) {
  const all = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
  for (let run = 0; run < runs; run++) {
    for (const [name, variant] of Object.entries(variants)) {
      const value = await variant();
      all[name].push(value);
      log(`run ${run + 1}/${runs}, ${name}: ${show(value)}`);
    }
  }
  return all;
}

/**
 * The ratio a / b of each pair of runs, and their median: what a target is held against.
 * @param {readonly number[]} a @param {readonly number[]} b
 */
export function pairedRatio(a, b) {
  const ratios = a.map((value, i) => value / b[i]);
  return { median: median(ratios), ratios, low: Math.min(...ratios), high: Math.max(...ratios) };
}
