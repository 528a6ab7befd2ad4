/**
 * A job whose rows are all keys of a very large prefix, up to its end. The feeder, Redis and a worker are real. The
 * worker may not read the bucket, so each row ends as an error, and no object is fetched.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { startCluster } from '../cluster/cluster.js';
import { memoryOf } from '../cluster/watch-memory.js';
import { memoryRows } from './memory-rows.js';

const BLOCK_ROWS = 4096;
const WARM_KEYS = 200_000;
const LOOK_MS = 250;

/** @returns {Promise<{ keys: number, what: string, rate: number, samples: object[] }>} */
export async function everyKey(bucket, keys, log) {
  const cluster = await startCluster({
    batchSize: 256,
    onDisk: true,
    apiEnv: { ...bucket.env, FOREBAY_INPUT_ROOTS: bucket.root },
  });
  try {
    await cluster.setWorkers({ count: 1, device: { latencyMs: 0 } });
    await run(cluster, { bucket, keys: WARM_KEYS, output: 'warm', log });
    return await run(cluster, { bucket, keys, output: 'every', log });
  } finally {
    await cluster.close();
  }
}

async function run(cluster, { bucket, keys, output, log }) {
  const input = { type: 'files', path: bucket.prefix(keys) };
  const began = performance.now();
  const { id } = await cluster.submit(input, output, { block_rows: BLOCK_ROWS });
  const samples = [];
  let job = await cluster.job(id);
  while (job.finished_at === null) {
    await delay(LOOK_MS);
    job = await cluster.job(id);
    samples.push({ share: job.rows.failed / keys, mb: await memoryOf(cluster) });
    if (samples.length % 100 === 0) log(`every key of ${keys}: ${(samples.at(-1).share * 100).toFixed(0)} %`);
  }
  const seconds = (performance.now() - began) / 1000;
  if (job.rows.failed !== keys || job.error?.code !== 'all_rows_failed') {
    throw new Error(`job ${id}: ${JSON.stringify(job.rows)} ${JSON.stringify(job.error)}`);
  }
  return { keys, what: `a job over ${keys} keys`, rate: keys / seconds, samples };
}

export function everyKeyRows(job) {
  const { what, rate, samples } = job;
  return [
    ...memoryRows(job),
    {
      metric: `most memory of Redis in ${what}`,
      value: Math.max(...samples.map(({ mb }) => mb.redis)),
      unit: 'MB',
      target: '<= 64',
    },
    { metric: `rate of ${what}`, value: rate, unit: 'rows/s' },
  ];
}
