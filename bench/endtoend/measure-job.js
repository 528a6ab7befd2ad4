/**
 * One job through the real service, measured from outside: rate in steady state from the parts' times on disk,
 * CPU of every process from /proc, time per stage from the job's own statistics.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readResources } from '../../dist/workers/settings/resources.js';
import { commandOf, sampleTree } from '../harness/processes.js';
import { finished } from '../harness/service.js';

/** Role by what a process's command line holds. */
const ROLES = [
  ['lanes', 'lane/main.js'],
  ['worker', 'workers/main.js'],
  ['api', 'api/main.js'],
  ['redis', 'redis-server'],
  ['redis', 'valkey'],
];

/**
 * @param {{ client: object, pid: number }} service @param {object} body of the submit
 * @returns {Promise<JobFigures>}
 *
 * @typedef {object} JobFigures
 * @property {number} rate rows/s from the first commit to the last
 * @property {number} wholeRate rows/s from submit to the job's end
 * @property {number} utilisation 0..1, of the cores in steady state, by the service's processes
 * @property {number} others 0..1, of the cores, by everything else on the machine
 * @property {Record<string, number>} cpuMsPerRow by role
 * @property {Record<string, number | null>} stages ms a row
 */
export async function measureJob(service, body) {
  const { client, pid } = service;
  const sampler = sampleTree(pid, 200);
  const submitted = Date.now();
  const { id } = await client.submit(body);
  const job = await finished(client, id).finally(() => sampler.stop());
  const stats = await client.stats(id);
  const steady = steadyState(job.output);
  const cpu = cpuBetween(sampler.samples, steady.from, steady.to);
  const total = job.rows.succeeded;
  return {
    rows: total,
    rate: steady.rate,
    wholeRate: (total / (Date.parse(job.finished_at) - submitted)) * 1000,
    firstCommitMs: steady.from - submitted,
    ...cpu,
    cpuMsPerRow: perRow(cpu.secondsByRole, 1000 / (steady.rate * cpu.wall)),
    stages: perRow(stats.stages, 1 / total),
    meanBatchRows: stats.mean_batch_rows,
    parts: steady.parts,
    peakRssMb: Math.max(...sampler.samples.map((one) => one.rss)) / 2 ** 20,
  };
}

/** A part appears on disk in the moment its block is committed. */
export function steadyState(folder) {
  const parts = readdirSync(folder)
    .filter((file) => /^part-.*\.jsonl$/.test(file))
    .map((file) => {
      const path = join(folder, file);
      return { at: statSync(path).mtimeMs, rows: readFileSync(path, 'utf8').split('\n').length - 1 };
    })
    .toSorted((a, b) => a.at - b.at);
  if (parts.length < 3)
    throw new Error(`${parts.length} parts: too few for a steady state; give the job more rows`);
  const [from, to] = [parts[0].at, parts.at(-1).at];
  const rows = parts.slice(1).reduce((sum, part) => sum + part.rows, 0);
  return { from, to, rate: (rows / (to - from)) * 1000, parts: parts.length };
}

/** CPU of each role between two moments, read off between samples. */
function cpuBetween(samples, from, to) {
  const at = (moment, of) => {
    const after = samples.findIndex((one) => one.at >= moment);
    if (after <= 0) return of(after < 0 ? samples.at(-1) : samples[0]);
    const [low, high] = [samples[after - 1], samples[after]];
    return of(low) + ((of(high) - of(low)) * (moment - low.at)) / (high.at - low.at || 1);
  };
  const spent = (of) => at(to, of) - at(from, of);
  const wall = (to - from) / 1000;
  const room = readResources().cpus * wall;
  const secondsByRole = {};
  for (const pid of samples[0].byProcess.keys()) {
    const role = ROLES.find(([, part]) => commandOf(pid).includes(part))?.[0] ?? 'launcher';
    secondsByRole[role] = (secondsByRole[role] ?? 0) + spent((one) => one.byProcess.get(pid) ?? 0);
  }
  const mine = Object.values(secondsByRole).reduce((sum, seconds) => sum + seconds, 0);
  const machine = spent((one) => one.machine);
  return { wall, secondsByRole, utilisation: mine / room, others: Math.max(0, (machine - mine) / room) };
}

function perRow(values, factor) {
  const scaled = ([key, value]) => [key, value === null ? null : value * factor];
  return Object.fromEntries(Object.entries(values).map(scaled));
}
