/**
 * `npm run demo`: the main job on real images, end to end. Generates digits, classifies them with the real service,
 * reports the accuracy, and does some of the same work the naive way for comparison. With `--cascade`, it compares a
 * cascade of two models with the larger one instead.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compareCascade } from './cascade.js';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..', '..');
const model = join(root, 'examples', 'digits', 'models', 'digits-small');
const data = join(root, '.forebay', 'demo');
const input = join(data, 'digits');
const output = join(data, 'results');
const isCascade = process.argv.includes('--cascade');
const COUNT = isCascade ? 40_000 : 5000;
/** Training used other seeds. */
const SEED = 2026;

const began = performance.now();
const show = (/** @type {string} */ path) => relative(process.cwd(), path) || '.';

console.log(`\n1. ${COUNT.toLocaleString('en')} pictures of digits are generated (seed ${SEED})\n`);
rmSync(data, { recursive: true, force: true });
await node([
  join(root, 'examples', 'digits', 'generate.js'),
  '--out',
  input,
  '--count',
  String(COUNT),
  '--seed',
  String(SEED),
]);

if (isCascade) {
  console.log(
    `\n2. One service classifies them with digits-large, and with a cascade of both models, in turns\n`,
  );
  await compareCascade({
    examples: join(root, 'examples', 'digits', 'models'),
    data,
    input,
    truth: truthOf(),
  });
  process.exit(0);
}

console.log(
  `\n2. The service classifies them. Redis, API and a worker start, and the job goes in over HTTP\n`,
);
await node([join(root, 'bin', 'forebay.js'), 'run', '--model', model, '--input', input, '--output', output]);

console.log(`\n3. How many answers are right\n`);
report();

console.log(
  `\n4. The same work the naive way: load the model for every 4 rows, take them one by one, overlap nothing\n`,
);
const naive = JSON.parse(await node([join(here, 'naive.js'), '--model', model, '--input', input], 'pipe'));
const { throughput } = JSON.parse(readFileSync(join(output, 'manifest.json'), 'utf8'));
const naiveRate = naive.rows / naive.seconds;
console.log(`   naive    ${rate(naiveRate)} rows/s (measured on ${naive.rows} rows)`);
console.log(
  `   Forebay  ${rate(throughput.rows_per_s)} rows/s, each row written exactly once: ${(throughput.rows_per_s / naiveRate).toFixed(1)} times as fast`,
);

console.log(`
The results are in ${show(output)}: part-*.jsonl (one line per row), manifest.json.
${((performance.now() - began) / 1000).toFixed(0)} s in all. Next:

   head -3 ${show(join(output, 'part-00000000.jsonl'))}
   npx forebay run --model examples/digits/models/digits-large --input ${show(input)} --output more-results
   npx forebay up --models examples/digits/models --input-root ${show(data)}     # the service, with its API at /docs
`);

/** @returns {Map<string, string>} the digit of each picture */
function truthOf() {
  return new Map(
    lines(join(data, 'labels.jsonl')).map((/** @type {{ id: string, label: string }} */ { id, label }) => [
      id,
      label,
    ]),
  );
}

function report() {
  const truth = truthOf();
  const table = Array.from({ length: 10 }, () => Array(10).fill(0));
  let right = 0;
  let rows = 0;
  for (const name of readdirSync(output)
    .filter((file) => file.startsWith('part-'))
    .sort()) {
    for (const { id, predictions } of lines(join(output, name))) {
      const label = Number(truth.get(id));
      const answer = Number(predictions[0].label);
      table[label][answer] += 1;
      rows += 1;
      if (label === answer) right += 1;
    }
  }
  console.log(`   ${right} of ${rows} right: ${((100 * right) / rows).toFixed(2)} %\n`);
  console.log(`   shown \\ answered ${Array.from({ length: 10 }, (_, i) => String(i).padStart(5)).join('')}`);
  table.forEach((line, digit) => {
    console.log(
      `   ${String(digit).padStart(16)} ${line.map((n) => (n === 0 ? '.' : String(n)).padStart(5)).join('')}`,
    );
  });
}

function lines(/** @type {string} */ path) {
  if (!existsSync(path)) throw new Error(`${path} is missing`);
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

function rate(/** @type {number} */ rowsPerS) {
  return rowsPerS.toFixed(rowsPerS < 100 ? 1 : 0).padStart(6);
}

/**
 * Runs a program of the project. If it fails, the demo ends with the same exit code.
 * @param {string[]} argv
 * @param {'inherit' | 'pipe'} stdout
 * @returns {Promise<string>} with `pipe`, what it printed
 */
async function node(argv, stdout = 'inherit') {
  const child = spawn(process.execPath, argv, { stdio: ['inherit', stdout, 'inherit'] });
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) process.exit(Number(code ?? 1));
  return text;
}
