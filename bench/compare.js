/**
 * Compares two checkouts in one run. Both services run at once, each with its own Redis. `turns` alternates their jobs.
 * `together` starts both jobs at the same moment.
 */
import { assertBuilt, startBoth } from './compare/both-services.js';
import { figuresOfPairs } from './compare/figures.js';
import { runPair, WAYS } from './compare/ways.js';
import { revisionOf } from './harness/machine.js';
import { root, Unavailable } from './harness/places.js';
import { median } from './harness/statistics.js';
import { datasetOf } from './harness/subjects.js';

export const name = 'compare';
export const title = 'This checkout against another';
export const proves =
  'Whether this checkout is faster or slower than another, in rows per second and in CPU per row, with a 95 % interval.';
export const defaults = { runs: 20, seconds: 10, quick: { runs: 3, seconds: 3 } };

/**
 * After this many pairs, one in each order, both services restart. A process keeps some properties for its whole life,
 * such as its memory layout and what its compiler has optimised. So pairs from one start resemble each other, and many
 * of them would give a deceptively narrow interval.
 */
const PAIRS_PER_START = 2;
/**
 * A job has at least this many parts, even if it takes longer than --seconds. With fewer parts, the time of a single
 * commit changes the rate.
 */
const LEAST_PARTS = 20;
/** More than 10,000, so that the digits of all jobs are in the same folder. */
const LEAST_ROWS = 20_000;

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
        other,
        runs,
        seconds,
        log: (text) => log(`${label}, ${text}`),
      });
      found.push(figuresOfPairs({ subject, way: one, revisions, ...measured }));
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

/** @returns `pairs`: figures of this checkout and of the other; `rows` of each job */
async function measurePairs({ way, subject, other, runs, seconds, log }) {
  const { input, roots } = datasetOf(`compare-${subject.name}`, subject, LEAST_ROWS);
  const short = { model: subject.name, input, options: { limit: subject.atLeast } };
  const pairs = [];
  let rows = 0;
  let body = null;
  for (let start = 0; pairs.length < runs; start++) {
    const both = await startBoth({ other, subject, inputs: roots, otherFirst: start % 2 === 1 });
    try {
      const { rate, partRows } = await warmUp(way, both.services, short);
      if (body === null) {
        rows = Math.round(Math.max(rate * seconds, partRows * LEAST_PARTS));
        body = bodyOf(subject, rows);
      }
      const until = Math.min(runs, pairs.length + PAIRS_PER_START);
      while (pairs.length < until) {
        const pair = await runPair(way, both.services, body, pairs.length);
        pairs.push(pair);
        log(`pair ${pairs.length}/${runs}: ${pairText(pair)}`);
      }
    } finally {
      await both.stop();
    }
  }
  return { pairs, rows };
}

/** Runs two pairs of short jobs. @returns rows per second and rows per part, to size the measured jobs */
async function warmUp(way, services, body) {
  const jobs = [];
  for (let i = 0; i < 2; i++) jobs.push(...(await runPair(way, services, body, i)));
  return {
    rate: median(jobs.map(({ rate }) => rate)),
    partRows: Math.max(...jobs.map(({ rows, parts }) => rows / parts)),
  };
}

function bodyOf(subject, rows) {
  const { input } = datasetOf(`compare-${subject.name}-job`, subject, Math.max(rows, LEAST_ROWS));
  return { model: subject.name, input, options: { limit: rows } };
}

function pairText(pair) {
  const [mine, theirs] = pair.map(({ rate }) => rate);
  return `this ${mine.toFixed(1)} rows/s, other ${theirs.toFixed(1)}, ratio ${(mine / theirs).toFixed(4)}`;
}
