/**
 * `npm run demo -- --cascade`: digits-small answers what it is sure of, and digits-large the rest. One service runs
 * digits-large and the cascade in turns. Prints the accuracy and the throughput of both.
 */
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startService } from './service.js';

const LARGE = 'digits-large';
const CASCADE = 'digits-cascade';
/** Below this score of digits-small, a picture goes on to digits-large. */
const THRESHOLD = 0.7;
/** Each model runs this often, in turns. The figures are medians. */
const RUNS = 5;
/** Earlier runs that do not count. In its first 10,000 rows, a lane compiles its code. */
const WARM_UP_RUNS = 1;

/** @typedef {{ rate: number, right: number, rows: number, answeredBy: Record<string, number> }} Run */

/**
 * @param {{ examples: string, data: string, input: string, truth: Map<string, string> }} demo `data`: a folder that the
 *   demo has made
 */
export async function compareCascade({ examples, data, input, truth }) {
  const models = join(data, 'models');
  mkdirSync(join(models, CASCADE), { recursive: true });
  for (const name of ['digits-small', LARGE])
    cpSync(join(examples, name), join(models, name), { recursive: true });
  const config = {
    kind: 'pipeline',
    name: CASCADE,
    cascade: { levels: [{ model: 'digits-small', threshold: THRESHOLD }, { model: LARGE }] },
  };
  writeFileSync(join(models, CASCADE, 'model.json'), `${JSON.stringify(config, null, 2)}\n`);
  const service = await startService({ models, data: join(data, 'service'), input });
  try {
    /** @type {{ large: Run, cascade: Run }[]} */
    const pairs = [];
    for (let run = 0; run < WARM_UP_RUNS + RUNS; run++) {
      const large = read(await service.run(LARGE), truth);
      const cascade = read(await service.run(CASCADE), truth);
      const counts = run >= WARM_UP_RUNS;
      if (counts) pairs.push({ large, cascade });
      console.log(
        `   ${counts ? `run ${run - WARM_UP_RUNS + 1}` : 'warm-up'}`.padEnd(13) +
          `${LARGE} ${large.rate.toFixed(0)} rows/s, ${CASCADE} ${cascade.rate.toFixed(0)} rows/s`,
      );
    }
    print(pairs);
  } finally {
    await service.stop();
  }
}

/**
 * @param {string} output
 * @param {Map<string, string>} truth
 * @returns {Run}
 */
function read(output, truth) {
  const { throughput, answered_by } = JSON.parse(readFileSync(join(output, 'manifest.json'), 'utf8'));
  let right = 0;
  let rows = 0;
  for (const name of readdirSync(output).filter((file) => file.startsWith('part-'))) {
    for (const line of readFileSync(join(output, name), 'utf8').trim().split('\n')) {
      const { id, predictions } = JSON.parse(line);
      rows += 1;
      if (truth.get(id) === predictions[0].label) right += 1;
    }
  }
  return { rate: throughput.rows_per_s, right, rows, answeredBy: answered_by ?? {} };
}

/** @param {{ large: Run, cascade: Run }[]} pairs */
function print(pairs) {
  const share = (/** @type {Run} */ { right, rows }) => (100 * right) / rows;
  const line = (/** @type {string} */ name, /** @type {Run[]} */ runs) => {
    const [{ right, rows } = { right: 0, rows: 0 }] = runs;
    const rate = median(runs.map((run) => run.rate));
    return `   ${name.padEnd(15)} ${rate.toFixed(0).padStart(7)} rows/s   ${right} of ${rows} right: ${((100 * right) / rows).toFixed(2)} %`;
  };
  const times = pairs.map(({ large, cascade }) => cascade.rate / large.rate);
  const lost = median(pairs.map(({ large, cascade }) => share(large) - share(cascade)));
  const on = median(pairs.map(({ cascade }) => (100 * (cascade.answeredBy[LARGE] ?? 0)) / cascade.rows));
  console.log(`
${line(
  LARGE,
  pairs.map(({ large }) => large),
)}
${line(
  CASCADE,
  pairs.map(({ cascade }) => cascade),
)}

   ${on.toFixed(1)} % of the pictures went on to ${LARGE}.
   The cascade is ${median(times).toFixed(2)} times as fast (${Math.min(...times).toFixed(2)} to ${Math.max(...times).toFixed(2)}), and ${Math.abs(lost).toFixed(2)} points ${lost > 0 ? 'less' : 'more'} accurate.`);
}

/** @param {number[]} values */
function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return /** @type {number} */ (sorted[Math.floor(sorted.length / 2)]);
}
