/**
 * Compares two checkouts in one run. Both services run at once, each with its own Redis. `turns` alternates their jobs;
 * `together` starts both jobs at the same moment.
 */
import { startBoth } from './compare/both-services.js';
import { figuresOfPairs } from './compare/figures.js';
import { runPair, WAYS } from './compare/ways.js';
import { median } from './harness/statistics.js';
import { Unavailable } from './harness/places.js';
import { manifest } from './harness/workloads.js';

export const name = 'compare';
export const title = 'This checkout against another';
export const proves =
  'Whether this checkout is faster or slower than another, in rows per second and in CPU per row, with a 95 % interval.';
export const defaults = { runs: 20, seconds: 10, quick: { runs: 3, seconds: 3 } };

/** Files of the first jobs. More than 10,000, so that digits lie in the same folder as those of longer jobs. */
const LEAST_FILES = 20_000;

export async function run({ log, runs, seconds, subjects, with: other, way }) {
  if (other === undefined) throw new Unavailable('name the other checkout: compare --with PATH');
  const ways = way === undefined ? Object.keys(WAYS) : [way];
  const found = [];
  for (const subject of subjects) {
    const { input, roots } = manifest(`compare-${subject.name}`, subject.files(LEAST_FILES));
    const both = await startBoth({ other, subject, inputs: roots });
    try {
      const rate = await probe(both.services, { model: subject.name, input }, subject.atLeast);
      for (const one of ways) {
        const rows = Math.max(subject.atLeast, Math.round(rate * seconds * WAYS[one].share));
        const body = bodyOf(subject, rows);
        const pairs = await runPairs({
          way: one,
          both,
          body,
          runs,
          log: (text) => log(`${subject.name}, ${text}`),
        });
        found.push(figuresOfPairs({ subject, way: one, rows, pairs, revisions: both.revisions }));
      }
    } finally {
      await both.stop();
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

/** Jobs that warm both services up. @returns rows/s, to size the jobs that count */
async function probe(services, body, limit) {
  const rates = [];
  for (let i = 0; i < 2; i++) {
    const pair = await runPair('turns', services, { ...body, options: { limit } }, i);
    rates.push(...pair.map(({ rate }) => rate));
  }
  return median(rates);
}

function bodyOf(subject, rows) {
  const { input } = manifest(`compare-${subject.name}-job`, subject.files(Math.max(rows, LEAST_FILES)));
  return { model: subject.name, input, options: { limit: rows } };
}

async function runPairs({ way, both, body, runs, log }) {
  const pairs = [];
  for (let i = 0; i < runs; i++) {
    const pair = await runPair(way, both.services, body, i);
    pairs.push(pair);
    const [mine, theirs] = pair.map(({ rate }) => rate);
    log(
      `${way}, pair ${i + 1}/${runs}: this ${mine.toFixed(1)} rows/s, other ${theirs.toFixed(1)}, ` +
        `ratio ${(mine / theirs).toFixed(4)}`,
    );
  }
  return pairs;
}
