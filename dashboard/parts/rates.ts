/** The course of a job as rates. */

/** Finished rows at a time, in ms. */
export interface Sample {
  readonly at: number;
  readonly rows: number;
}

const POINTS = 60;

/** The rate in each of up to POINTS equal spans of time. */
export function ratesOf(samples: readonly Sample[]): { seconds: number; rates: number[] } {
  const [first] = samples;
  const last = samples.at(-1);
  if (!first || !last || last.at <= first.at) return { seconds: 0, rates: [] };
  // Blocks are committed in bursts, so a span must hold several commits.
  const spans = Math.max(2, Math.min(POINTS, Math.floor(samples.length / 2)));
  const step = (last.at - first.at) / spans;
  const rates: number[] = [];
  let before = first.rows;
  for (let span = 1; span <= spans; span++) {
    const rows = rowsAt(samples, first.at + span * step);
    rates.push(((rows - before) / step) * 1000);
    before = rows;
  }
  return { seconds: (last.at - first.at) / 1000, rates };
}

/** Between two samples, rows are taken to finish evenly. */
function rowsAt(samples: readonly Sample[], at: number): number {
  const after = samples.findIndex((sample) => sample.at >= at);
  if (after <= 0) return samples[after < 0 ? samples.length - 1 : 0]!.rows;
  const from = samples[after - 1]!;
  const to = samples[after]!;
  return from.rows + ((to.rows - from.rows) * (at - from.at)) / (to.at - from.at);
}
