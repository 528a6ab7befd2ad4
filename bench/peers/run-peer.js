/** Runs one job of a peer as a separate process, and measures it from start to exit. */
import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Unavailable } from '../harness/places.js';
import { inScratch } from '../harness/scratch.js';
import { watchForFile } from './first-file.js';
import { watchTree } from './watch.js';

const here = dirname(fileURLToPath(import.meta.url));

/** @returns {string} the interpreter that has the peers. Throws Unavailable if it cannot be installed. */
export function peersPython() {
  try {
    return execFileSync(join(here, 'setup.sh'), {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  } catch (error) {
    throw new Unavailable(`bench/peers/setup.sh: ${String(error.stderr ?? error)}`);
  }
}

/**
 * @typedef {object} Work
 * @property {readonly string[]} files
 * @property {string} model path of the graph
 * @property {Readonly<Record<string, number>>} truth class by path
 *
 * @typedef {object} Figures
 * @property {number} rows
 * @property {number} wholeS from the start of the process, or from submit, to the last result
 * @property {number} rowsPerS of the whole job
 * @property {number | null} steadyRowsPerS a peer's: see check.py; the service's: from the first commit to the last
 * @property {number} cpuMsPerRow of all processes, start-up included
 * @property {number} peakMb sum of PSS
 * @property {number | null} firstS until the first result is on the disk
 * @property {number} right answers that are right
 * @property {number} of answers whose truth is known
 */

/**
 * @param {string} python
 * @param {string} program of this folder
 * @param {readonly string[]} args
 * @param {Work} work
 * @returns {Promise<Figures>}
 */
export async function runPeer(python, program, args, { files, model, truth }, cores) {
  return inScratch(async (folder) => {
    const manifest = join(folder, 'manifest.txt');
    const out = join(folder, 'out');
    writeFileSync(manifest, files.join('\n'));
    const given = ['--manifest', manifest, '--model', model, '--out', out, '--cores', String(cores)];
    const began = performance.now();
    const first = watchForFile(out, /\.parquet$/, began);
    const child = spawn(python, [join(here, program), ...given, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const watch = watchTree(child.pid);
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    const { code, said } = await ended(child);
    const wholeS = (performance.now() - began) / 1000;
    process.off('exit', kill);
    const { cpuSeconds, peakBytes } = watch.stop();
    const firstS = first.stop();
    if (code !== 0) throw new Error(`${program} ended with ${code}:\n${said.slice(-2000)}`);
    const input = JSON.stringify({ out, paths: files, truth });
    const checked = JSON.parse(execFileSync(python, [join(here, 'check.py')], { input, encoding: 'utf8' }));
    return {
      rows: files.length,
      wholeS,
      rowsPerS: files.length / wholeS,
      steadyRowsPerS: checked.steady_rows_per_s,
      cpuMsPerRow: (cpuSeconds * 1000) / files.length,
      peakMb: peakBytes / 1e6,
      firstS,
      right: checked.right,
      of: checked.of,
    };
  });
}

async function ended(child) {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += String(data)));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, said };
}
