/** Runs one job of a peer as a separate process, and measures it from start to exit. */
import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inScratch } from '../harness/scratch.js';
import { watchForFile } from './first-file.js';
import { watchTree } from './watch.js';

const here = dirname(fileURLToPath(import.meta.url));

/**
 * @typedef {object} Work
 * @property {readonly string[]} lines the rows as programs read them
 * @property {readonly string[]} keys of the rows: their paths or ids
 * @property {string} graph path
 * @property {Readonly<Record<string, number | readonly number[]>>} truth classes or embeddings by key
 *
 * @typedef {object} Figures
 * @property {number} rows
 * @property {number} wholeS a peer's: from start to exit; the service's: from submit to the last part
 * @property {number} rowsPerS of the whole job
 * @property {number | null} steadyRowsPerS a peer's: see check.py; the service's: from the first commit to the last
 * @property {number} cpuMsPerRow of all processes, start-up included
 * @property {number | null} steadyCpuMsPerRow the same in the time of steadyRowsPerS
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
export async function runPeer(python, program, args, { lines, keys, graph, truth }, cores) {
  return inScratch(async (folder) => {
    const manifest = join(folder, 'manifest.txt');
    const out = join(folder, 'out');
    writeFileSync(manifest, lines.join('\n'));
    const given = ['--manifest', manifest, '--model', graph, '--out', out, '--cores', String(cores)];
    const began = performance.now();
    const first = watchForFile(out, /\.parquet$/, began);
    const child = spawn(python, [join(here, program), ...given, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const watch = watchTree(child.pid);
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    const { code, printed, said } = await ended(child);
    const wholeS = (performance.now() - began) / 1000;
    process.off('exit', kill);
    const { cpuSeconds, cpuBetween, peakBytes } = watch.stop();
    const firstS = first.stop();
    if (code !== 0) throw new Error(`${program} ended with ${code}:\n${said.slice(-2000)}`);
    const { running_since: since } = JSON.parse(printed.trim().split('\n').at(-1));
    const input = JSON.stringify({ out, keys, truth, running_since: since });
    const options = { input, encoding: 'utf8', maxBuffer: 2 ** 26 };
    const { running, right, of } = JSON.parse(execFileSync(python, [join(here, 'check.py')], options));
    const steady = running && cpuBetween(running.from, running.to);
    return {
      rows: keys.length,
      wholeS,
      rowsPerS: keys.length / wholeS,
      steadyRowsPerS: running && running.rows / (running.to - running.from),
      cpuMsPerRow: (cpuSeconds * 1000) / keys.length,
      steadyCpuMsPerRow: running && (steady * 1000) / running.rows,
      peakMb: peakBytes / 1e6,
      firstS,
      right,
      of,
    };
  });
}

async function ended(child) {
  let printed = '';
  let said = '';
  child.stdout.on('data', (data) => (printed += String(data)));
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += String(data)));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, printed, said };
}
