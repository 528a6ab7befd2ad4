/** Runs one long job through the real service and samples the memory of its processes and of Redis. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectRedis } from '../../dist/shared/queue/connection.js';
import { roleOf, rssBytes, treeOf } from '../harness/processes.js';
import { redisInfo } from '../harness/redis-info.js';
import { finished, startService } from '../harness/service.js';
import { modelFolder } from '../harness/model-folder.js';
import { digits, manifest } from '../harness/workloads.js';

export const MODEL = 'digits-small';

/** Share of the rows in a first job. It compiles code and lets heaps and pools grow to the size that this load needs. */
const WARM_SHARE = 0.05;
const SAMPLES_WANTED = 1_000;
const LOOK_MS = 50;

/**
 * @param {number} rows
 * @param {(text: string) => void} log
 * @returns `warmRows`: rows of the first job. `samples`: each has `share` (rows that have succeeded / all rows), `s`
 * (seconds since submit), `mb` (by process) and `lanePids`.
 */
export async function watchJob(rows, log) {
  const warmRows = Math.ceil(rows * WARM_SHARE);
  const { input, roots } = manifest('soak', digits(rows));
  const service = await startService({ models: [modelFolder(MODEL)], inputs: roots });
  const redis = connectRedis(redisUrlOf(service), 'background', () => undefined);
  try {
    const { client, pid } = service;
    const job = { model: MODEL, input };
    const warm = await client.submit({ ...job, options: { limit: warmRows } });
    await finished(client, warm.id, { everyMs: LOOK_MS });
    const { id } = await client.submit(job);
    const began = performance.now();
    const samples = [];
    let next = 0;
    const onPoll = async ({ rows: { succeeded } }) => {
      const share = succeeded / rows;
      if (share < next) return;
      next = share + 1 / SAMPLES_WANTED;
      samples.push({ share, s: (performance.now() - began) / 1000, ...(await memoryOf(pid, redis)) });
      if (samples.length % 100 === 0) log(`${(share * 100).toFixed(0)} %`);
    };
    const done = await finished(client, id, { everyMs: LOOK_MS, onPoll });
    if (done.rows.succeeded !== rows)
      throw new Error(`${rows} rows should succeed, got ${JSON.stringify(done.rows)}`);
    return { samples, warmRows };
  } finally {
    redis.disconnect();
    await service.stop();
  }
}

/** MB of the API, each worker, each lane and Redis. Workers and lanes are numbered in the order of `treeOf`. */
async function memoryOf(launcher, redis) {
  const pids = { api: [], worker: [], lanes: [], redis: [], launcher: [] };
  for (const pid of treeOf(launcher)) pids[roleOf(pid)].push(pid);
  const mb = {};
  for (const pid of pids.api) mb['api'] = rssBytes([pid]) / 1e6;
  for (const [i, pid] of pids.worker.entries()) mb[`worker ${i + 1}`] = rssBytes([pid]) / 1e6;
  for (const [i, pid] of pids.lanes.entries()) mb[`lane ${i + 1}`] = rssBytes([pid]) / 1e6;
  mb['redis (used)'] = (await redisInfo(redis, 'memory', 'used_memory')) / 1e6;
  mb['redis (resident)'] = (await redisInfo(redis, 'memory', 'used_memory_rss')) / 1e6;
  return { mb, lanePids: pids.lanes };
}

/** The Redis that REDIS_URL names, or the private Redis of the service. */
function redisUrlOf({ pid }) {
  const given = process.env['REDIS_URL'];
  if (given) return given;
  const api = treeOf(pid).find((one) => roleOf(one) === 'api');
  const environment = readFileSync(join('/proc', String(api), 'environ'), 'utf8').split('\0');
  return environment.find((entry) => entry.startsWith('REDIS_URL=')).slice('REDIS_URL='.length);
}
