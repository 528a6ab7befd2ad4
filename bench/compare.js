/**
 * Compares two checkouts in one run. Both services run at once, each with its own Redis. `turns` alternates their jobs.
 * `together` starts both jobs at the same moment.
 */
import { assertBuilt } from './compare/both-services.js';
import { figuresOfPairs } from './compare/figures.js';
import { measurePairs } from './compare/measure-pairs.js';
import { WAYS } from './compare/ways.js';
import { revisionOf } from './harness/machine.js';
import { root, Unavailable } from './harness/places.js';

export const name = 'compare';
export const title = 'This checkout against another';
export const proves =
  'Whether this checkout is faster or slower than another, in rows per second and in CPU per row, with a 95 % interval.';
export const defaults = { runs: 20, seconds: 10, quick: { runs: 3, seconds: 3 } };

export async function run({ log, runs, seconds, subjects, with: other, way }) {
  if (other === undefined) throw new Unavailable('name the other checkout: compare --with PATH');
  assertBuilt(other);
  const revisions = [root, other].map(revisionOf);
  const found = [];
  for (const subject of subjects) {
    for (const one of way === undefined ? Object.keys(WAYS) : [way]) {
      const label = `${subject.name}, ${one}`;
      const measured = await measurePairs({
        way: one,
        subject,
        sides: [{ checkout: root }, { checkout: other }],
        runs,
        seconds,
        log: (text) => log(`${label}, ${text}`),
      });
      found.push(figuresOfPairs({ label: `${subject.title}, ${one}`, sides: revisions, ...measured }));
    }
  }
  return {
    rows: found.flatMap((one) => one.rows),
    charts: found.flatMap((one) => one.charts),
    notes: [
      "Ratios are this checkout / the other: geometric mean of the pairs, and 95 % interval by Student's t.",
      'Above 1 is better for rows per second, below 1 for CPU per row.',
      ...found.flatMap((one) => one.notes),
    ],
    data: Object.fromEntries(found.map((one) => [one.label, one.data])),
  };
}
