/**
 * `npm run demo -- --cascade`: digits-small answers what it is sure of, and digits-large the rest. Runs digits-large and
 * the cascade in turns, and prints the accuracy and the throughput of both.
 */
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LARGE = 'digits-large';
const CASCADE = 'digits-cascade';
/** Below this score of digits-small, a picture goes on to digits-large. */
const THRESHOLD = 0.7;
/** Each model runs this often, in turns. The fastest run of each counts. */
const RUNS = 3;
/** Decoding costs both the same. The fast decoder leaves more of the time to the models. */
const FLAGS = ['--decode', 'fast'];

/**
 * @param {{ examples: string, data: string, input: string, forebay: (args: string[]) => Promise<unknown>, truth: Map<string, string> }} demo
 */
export async function compareCascade({ examples, data, input, forebay, truth }) {
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
  /** @type {Map<string, { rate: number, right: number, rows: number, answeredBy: Record<string, number> }>} */
  const best = new Map();
  for (let run = 0; run < RUNS; run++) {
    for (const name of [LARGE, CASCADE]) {
      const output = join(data, `results-${name}`);
      rmSync(output, { recursive: true, force: true });
      await forebay(['run', '--model', join(models, name), '--input', input, '--output', output, ...FLAGS]);
      const found = read(output, truth);
      if (found.rate > (best.get(name)?.rate ?? 0)) best.set(name, found);
    }
  }
  print(best);
}

/**
 * @param {string} output
 * @param {Map<string, string>} truth
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

/** @param {Map<string, { rate: number, right: number, rows: number, answeredBy: Record<string, number> }>} best */
function print(best) {
  const [large, cascade] = [LARGE, CASCADE].map(
    (name) => /** @type {NonNullable<ReturnType<typeof best.get>>} */ (best.get(name)),
  );
  if (large === undefined || cascade === undefined) throw new Error('a run has left no results');
  const share = (/** @type {{ right: number, rows: number }} */ { right, rows }) => (100 * right) / rows;
  for (const [name, found] of best) {
    const { rate, right, rows } = found;
    console.log(
      `   ${name.padEnd(15)} ${rate.toFixed(0).padStart(7)} rows/s   ${right} of ${rows} right: ${share({ right, rows }).toFixed(2)} %`,
    );
  }
  const lost = share(large) - share(cascade);
  const on = (100 * (cascade.answeredBy[LARGE] ?? 0)) / cascade.rows;
  console.log(`
   ${on.toFixed(1)} % of the pictures went on to ${LARGE}.
   The cascade is ${(cascade.rate / large.rate).toFixed(2)} times as fast, and ${Math.abs(lost).toFixed(2)} points ${lost > 0 ? 'less' : 'more'} accurate.`);
}
