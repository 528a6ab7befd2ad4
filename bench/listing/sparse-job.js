/** A job that takes one key of 10,000, so that nothing but the listing limits it. */
import { setTimeout as delay } from 'node:timers/promises';
import { cpuSeconds, roleOf, rssBytes, treeOf } from '../harness/processes.js';
import { memoryRows } from './memory-rows.js';

const ONE_OF = 10_000;
const INCLUDE = ['*0000.jpg'];
const SAMPLE_MS = 100;

/** Lists all keys for such a job, and samples the memory of the API. `passes`: how often the job lists each key. */
export async function listAll({ client, pid }, bucket, model, keys) {
  const api = treeOf(pid).filter((one) => roleOf(one) === 'api');
  const before = await bucket.seen();
  const samples = [];
  const cpu = cpuSeconds(api);
  const began = performance.now();
  let ended = null;
  const { id } = await client.submit({
    model,
    input: { type: 'files', path: bucket.prefix(keys), include: INCLUDE },
  });
  while (ended === null) {
    const listed = (await bucket.seen()).keys - before.keys;
    samples.push({ listed, mb: { api: rssBytes(api) / 1e6 }, s: (performance.now() - began) / 1000 });
    const job = await client.job(id);
    if (job.finished_at !== null) ended = job;
    else await delay(SAMPLE_MS);
  }
  if (ended.status !== 'completed' || ended.rows.succeeded !== keys / ONE_OF) {
    const { status, rows, error } = ended;
    throw new Error(`job ${id} ${status}: ${JSON.stringify(rows)} ${JSON.stringify(error)}`);
  }
  const listed = (await bucket.seen()).keys - before.keys;
  return {
    keys,
    what: `a listing of ${keys} keys`,
    passes: listed / keys,
    rate: listed / samples.at(-1).s,
    cpuUs: ((cpuSeconds(api) - cpu) / listed) * 1e6,
    samples: samples.map((sample) => ({ ...sample, share: sample.listed / listed })),
  };
}

export function sparseRows(listing) {
  const { keys, what, rate, cpuUs } = listing;
  return [
    ...memoryRows(listing),
    { metric: `rate of ${what}`, value: rate, unit: 'keys/s' },
    { metric: `CPU of the API per key, ${keys} keys`, value: cpuUs, unit: 'µs' },
  ];
}
