/**
 * Measures a job of the real service from outside. The rate comes from the times of its parts, CPU from /proc, and the
 * time of each stage from the job's own statistics.
 */
import { finished } from '../harness/service.js';
import { cpuBetween, sampleTree } from '../harness/tree-samples.js';
import { commitsOf, rateBetween, wholeWindow } from './commits.js';

const SAMPLE_MS = 200;

/**
 * @typedef {object} JobFigures
 * @property {number} rows
 * @property {number} rate rows/s in steady state, from the first commit to the last unless a window is given
 * @property {number} wholeRate rows/s from submit to the end of the job
 * @property {number} firstCommitMs from submit
 * @property {number} utilisation 0..1, share of the cores that the service used in steady state
 * @property {number} others 0..1, share of the cores that all other programs used meanwhile
 * @property {Record<string, number>} cpuMsPerRow by role
 * @property {Record<string, number | null>} stages ms per row
 * @property {number} meanBatchRows
 * @property {number} parts
 * @property {number} peakRssMb of all processes of the service
 */

/**
 * @param {{ client: object, pid: number }} service
 * @param {object} body of the submit
 * @returns {Promise<JobFigures>} in steady state: from the first commit to the last
 */
export async function measureJob(service, body) {
  const observed = await observeJob(service, body);
  return figuresOf(observed, wholeWindow(observed.commits));
}

/** Runs a job and keeps the raw data for its figures. @returns {Promise<Observed>} */
export async function observeJob({ client, pid }, body) {
  const sampler = sampleTree(pid, SAMPLE_MS);
  const submitted = Date.now();
  const { id } = await client.submit(body);
  const job = await finished(client, id).finally(() => sampler.stop());
  const stats = await client.stats(id);
  return { submitted, job, stats, samples: sampler.samples, commits: commitsOf(job.output) };
}

/**
 * @param {Observed} observed
 * @param {{ from: number, to: number }} window ms since the epoch, within the job
 * @returns {JobFigures} rate and CPU of the window
 *
 * @typedef {Awaited<ReturnType<typeof observeJob>>} Observed
 */
export function figuresOf({ submitted, job, stats, samples, commits }, window) {
  const rate = rateBetween(commits, window);
  const cpu = cpuBetween(samples, window.from, window.to);
  const total = job.rows.succeeded;
  return {
    rows: total,
    rate,
    wholeRate: (total / (Date.parse(job.finished_at) - submitted)) * 1000,
    firstCommitMs: commits[0].at - submitted,
    ...cpu,
    cpuMsPerRow: scaled(cpu.secondsByRole, 1000 / (rate * cpu.wall)),
    stages: scaled(stats.stages, 1 / total),
    meanBatchRows: stats.mean_batch_rows,
    parts: commits.length,
    peakRssMb: Math.max(...samples.map((one) => one.rss)) / 2 ** 20,
  };
}

function scaled(values, factor) {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, value === null ? null : value * factor]),
  );
}
