/** Alternates between the variants of a benchmark. */

/**
 * Runs the variants in the order A B A B ..., so that a slow moment of the machine affects all of them alike.
 * @template T
 * @param {{ runs: number, variants: Record<string, () => Promise<T>>, log?: (text: string) => void,
 *   show?: (value: T) => string }} options `show`: formats one run for the log
 * @returns {Promise<Record<string, T[]>>} what each variant returned, in the order of the runs
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
