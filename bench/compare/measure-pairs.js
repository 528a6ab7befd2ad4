/** Measures pairs of jobs on two services, which restart after some pairs. */
import { startBoth } from './both-services.js';
import { runPair } from './ways.js';
import { median } from '../harness/statistics.js';
import { datasetOf } from '../harness/subjects.js';

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

/**
 * @param {{ way: keyof typeof import('./ways.js').WAYS, subject: import('../harness/subjects.js').Subject,
 *   sides: readonly [import('./both-services.js').Side, import('./both-services.js').Side], runs: number, seconds: number,
 *   log: (text: string) => void, onStart?: (services: readonly { url: string }[]) => void }} options `onStart` is called
 *   with the services at each start
 * @returns `pairs`: figures of the first and of the second side; `rows` of each job
 */
export async function measurePairs({ way, subject, sides, runs, seconds, log, onStart = () => {} }) {
  const { input, roots } = datasetOf(
    `compare-${subject.name}`,
    subject,
    Math.max(LEAST_ROWS, subject.atLeast),
  );
  const short = { model: subject.name, input, options: { limit: subject.atLeast } };
  const pairs = [];
  let rows = 0;
  let body = null;
  for (let start = 0; pairs.length < runs; start++) {
    const both = await startBoth({ sides, subject, inputs: roots, secondFirst: start % 2 === 1 });
    try {
      onStart(both.services);
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
  const [first, second] = pair.map(({ rate }) => rate);
  return `${first.toFixed(1)} rows/s against ${second.toFixed(1)}, ratio ${(first / second).toFixed(4)}`;
}
