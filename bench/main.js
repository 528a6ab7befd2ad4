/**
 * `npm run bench [-- name...] [--quick] [--runs N] [--seconds S] [--strict] [--list]`: runs cases one after the
 * other, prints a table of each, and writes all of them as JSON and as a page to bench/results/.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../dist/shared/errors.js';
import { caseNames, loadCase } from './harness/cases.js';
import { tableText } from './harness/format.js';
import { describeMachine } from './harness/machine.js';
import { resultsDir, Unavailable } from './harness/places.js';
import { reportHtml } from './harness/report.js';
import { judged } from './harness/result.js';

const USAGE = `usage: npm run bench [-- NAME...] [--quick] [--runs N] [--seconds S] [--strict] [--list]

  --quick      a smoke run: everything works, figures mean little
  --runs N     paired runs; ratios are their median (default 5, quick 1)
  --seconds S  how long one run should measure (default 20, quick 3)
  --strict     exit with 1 when a figure misses what it should reach`;

process.exitCode = await main();

async function main() {
  const options = readArguments();
  if (options === null) {
    console.error(`${USAGE}\n\nnames: ${caseNames().join(', ')}; without a name, all`);
    return 2;
  }
  if (options.list) {
    for (const name of caseNames()) console.log(`${name.padEnd(16)} ${(await loadCase(name)).title}`);
    return 0;
  }
  const machine = describeMachine();
  console.log(`${machine.cpu}, ${machine.cores} cores, node ${machine.node}, revision ${machine.revision}`);
  if (machine.load > 0.5) console.log(`load ${machine.load.toFixed(1)}: figures will be noisy`);
  const started = new Date();
  const cases = [];
  for (const name of options.names) {
    cases.push(await runCase(await loadCase(name), options));
    const report = { started, machine, options: { ...options, names: undefined }, cases };
    // After every case: what is done is kept, whatever becomes of the rest.
    writeReport(report);
  }
  console.log(`\n${join(resultsDir, baseName(started, machine))}.{json,html}`);
  if (cases.some((found) => found.failed)) return 1;
  return options.strict && cases.some((found) => found.rows.some((row) => row.pass === false)) ? 1 : 0;
}

/** @param {import('./harness/result.js').Case} found */
async function runCase({ name, title, run }, { quick, runs, seconds }) {
  console.log(`\n${name}: ${title}`);
  const began = performance.now();
  const log = (text) => console.log(`  ${text}`);
  const outcome = await attempt(async () => judged(await run({ log, quick, runs, seconds })));
  const took = (performance.now() - began) / 1000;
  if (outcome.rows.length > 0) console.log(tableText(outcome.rows));
  for (const note of outcome.notes) console.log(`  ${note}`);
  return { name, title, seconds: Math.round(took), ...outcome };
}

async function attempt(run) {
  try {
    return await run();
  } catch (error) {
    const skipped = error instanceof Unavailable;
    console.error(skipped ? `  skipped: ${error.message}` : error);
    const note = `${skipped ? 'skipped' : 'failed'}: ${messageOf(error)}`;
    return { rows: [], charts: [], notes: [note], failed: !skipped };
  }
}

function writeReport(report) {
  mkdirSync(resultsDir, { recursive: true });
  const base = join(resultsDir, baseName(report.started, report.machine));
  writeFileSync(`${base}.json`, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(`${base}.html`, reportHtml(report));
}

function baseName(started, machine) {
  const stamp = started.toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  return `${stamp}-${machine.fingerprint}`;
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        strict: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        runs: { type: 'string' },
        seconds: { type: 'string' },
      },
    });
    const { quick, strict, list } = values;
    const names = positionals.length === 0 ? caseNames() : positionals;
    const runs = Number(values.runs ?? (quick ? 1 : 5));
    const seconds = Number(values.seconds ?? (quick ? 3 : 20));
    const known = names.every((name) => caseNames().includes(name));
    if (!known || !Number.isSafeInteger(runs) || runs < 1 || !(seconds > 0)) return null;
    return { names, quick, strict, list, runs, seconds };
  } catch {
    return null;
  }
}
