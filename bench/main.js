/**
 * `npm run bench`: runs cases one after the other and prints a table for each. All results go to bench/results/, as
 * JSON and as a page.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../dist/shared/errors.js';
import { caseNames, loadCase } from './harness/cases.js';
import { tableText } from './harness/format.js';
import { describeMachine } from './harness/machine.js';
import { optionsFor, readOptions, usage } from './harness/options.js';
import { resultsDir, Unavailable } from './harness/places.js';
import { reportHtml } from './harness/report.js';
import { judged } from './harness/result.js';

// Importing this file starts nothing.
if (process.argv[1]?.endsWith('bench/main.js')) process.exitCode = await main();

async function main() {
  const options = attemptOptions();
  if (options === null) return 2;
  if (options.help) {
    console.log(usage());
    return 0;
  }
  if (options.list) {
    for (const name of caseNames()) console.log(`${name.padEnd(16)} ${(await loadCase(name)).proves}`);
    return 0;
  }
  const machine = describeMachine();
  console.log(`${machine.cpu}, ${machine.cores} cores, node ${machine.node}, revision ${machine.revision}`);
  if (machine.load > 0.5) console.log(`load ${machine.load.toFixed(1)}: the figures will be noisy`);
  const started = new Date();
  const cases = [];
  for (const name of options.names) {
    cases.push(await runCase(await loadCase(name), options));
    // Written after every case, so that a crash loses only the running case.
    writeReport({ started, machine, quick: options.quick === true, cases });
  }
  console.log(`\n${join(resultsDir, baseName(started, machine))}.{json,html}`);
  if (cases.some((found) => found.failed)) return 1;
  return options.strict && cases.some((found) => found.rows.some((row) => row.pass === false)) ? 1 : 0;
}

function attemptOptions() {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${usage()}`);
    return null;
  }
}

/** @param {import('./harness/result.js').Case} found */
async function runCase(found, given) {
  const { name, title, proves, run } = found;
  const options = optionsFor(found, given);
  console.log(`\n${name}: ${title}`);
  const began = performance.now();
  const log = (text) => console.log(`  ${text}`);
  const outcome = await attempt(async () => judged(await run({ ...options, log })));
  const took = (performance.now() - began) / 1000;
  if (outcome.rows.length > 0) console.log(tableText(outcome.rows));
  for (const note of outcome.notes) console.log(`  ${note}`);
  return { name, title, proves, runs: options.runs, seconds: Math.round(took), ...outcome };
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
