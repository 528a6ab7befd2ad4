/** Samples the memory of a cluster, also over a whole job. */
import { rssBytes } from '../harness/processes.js';
import { redisInfo } from '../harness/redis-info.js';

export const KINDS = ['api', 'worker', 'redis'];
/** Short, so that there are enough samples within 1 % of a job. */
const LOOK_MS = 20;

/** MB by kind of process: resident memory, and what Redis has allocated. */
export async function memoryOf(cluster) {
  const pids = cluster.pids();
  return {
    api: rssBytes(pids.api) / 1e6,
    redis: (await redisInfo(cluster.redis, 'memory', 'used_memory')) / 1e6,
    workers: rssBytes(pids.workers) / 1e6,
  };
}

/**
 * Runs a job on one worker, until it ends.
 * @param {{ input: object, rows: number, output: string | object, blockRows: number }} job
 * @param {(text: string) => void} [log] gets the progress
 * @returns `job`: at its end. `samples`: MB by each of KINDS, and `rowsPerS`
 */
export async function watchMemory(cluster, { input, rows, output, blockRows }, log = () => {}) {
  const samples = [];
  const { id } = await cluster.submit(input, output, { block_rows: blockRows });
  const job = await cluster.ended(id, LOOK_MS, async ({ rows: { succeeded }, throughput }) => {
    const share = succeeded / rows;
    const { api, workers: worker, redis } = await memoryOf(cluster);
    samples.push({ share, mb: { api, worker, redis }, rowsPerS: throughput.rows_per_s });
    if (samples.length % 500 === 0) log(`${(share * 100).toFixed(0)} %`);
  });
  return { job, samples };
}
