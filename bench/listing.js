/**
 * Measures jobs over prefixes with very many keys. API, worker and Redis are real, and a server lists generated keys. A
 * job over all keys gives the time to the first block. The memory of the API is measured with a job that takes one key
 * of 10,000. It lists as fast as it can, and workers have little to do.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { growthRow } from './harness/memory-growth.js';
import { modelFolder } from './harness/model-folder.js';
import { cpuSeconds, roleOf, rssBytes, treeOf } from './harness/processes.js';
import { startService } from './harness/service.js';
import { median } from './harness/statistics.js';
import { digits } from './harness/workloads.js';
import { startBucket } from './listing/bucket.js';

export const name = 'listing';
export const title = 'The first block and memory over prefixes of up to ten million keys';
export const proves =
  'That a job over a million keys has its first block within a second, and that listing needs constant memory.';

const MODEL = 'digits-small';
const MILLION = 1_000_000;
const WARM_KEYS = 200_000;
const THINNED = { include: ['*0000.jpg'] };
/** Ten million keys are listed only if that takes less. */
const LONGEST_S = 180;
const LOOK_MS = 5;
const SAMPLE_MS = 100;
/** Shares of the keys whose medians are compared. The start is left out, because the heap still grows to its load. */
const BEFORE = [0.1, 0.3];
const AFTER = [0.8, 1];

export async function run({ log, runs, quick }) {
  const bucket = await startBucket(digits(1)[0]);
  try {
    const service = await startService({
      models: [modelFolder(MODEL)],
      inputs: [bucket.root],
      env: { ...bucket.env, REDIS_URL: undefined },
    });
    try {
      return await measure({ service, bucket, log, runs, quick });
    } finally {
      await service.stop();
    }
  } finally {
    await bucket.stop();
  }
}

async function measure({ service, bucket, log, runs, quick }) {
  const first = {};
  for (const [label, path] of [
    [`${MILLION} keys`, bucket.prefix(MILLION)],
    [`${10 * MILLION} keys`, bucket.prefix(10 * MILLION)],
    [`${MILLION} keys, 100 ms per page`, bucket.slowPrefix(MILLION)],
  ]) {
    first[label] = [];
    for (let i = 0; i <= runs; i++) {
      const { ms, pages } = await firstBlock(service, bucket, path);
      const note = i === 0 ? ' (not counted)' : '';
      log(`${label}: first block after ${ms.toFixed(0)} ms and ${pages} pages${note}`);
      // The first job opens the queue and compiles code.
      if (i > 0) first[label].push({ ms, pages });
    }
  }
  await listAll(service, bucket, WARM_KEYS);
  const listings = [await listAll(service, bucket, quick ? WARM_KEYS : MILLION)];
  const { rate, passes } = listings[0];
  log(`${listings[0].keys} keys: ${rate.toFixed(0)} keys/s, ${passes.toFixed(1)} times`);
  const expected = (10 * MILLION * passes) / rate;
  const isFast = !quick && expected < LONGEST_S;
  if (isFast) listings.push(await listAll(service, bucket, 10 * MILLION));
  return {
    rows: [
      ...Object.entries(first).flatMap(([label, times]) => [
        {
          metric: `first block in the queue, ${label}, p50 of ${times.length}`,
          value: median(times.map(({ ms }) => ms)),
          unit: 'ms',
          target: '< 1000',
        },
        {
          metric: `pages listed by then, ${label}, at most`,
          value: Math.max(...times.map(({ pages }) => pages)),
          unit: '',
        },
      ]),
      ...listings.flatMap(rowsOf),
    ],
    charts: [
      {
        type: 'lines',
        title: 'Memory of the API while it lists',
        x: { label: '% of keys' },
        y: { label: 'MB', unit: 'MB' },
        series: listings.map(({ keys, samples }) => ({
          label: `${keys} keys`,
          points: samples.map(({ share, mb }) => [share * 100, mb]),
        })),
      },
    ],
    notes: [
      `Pages have 1,000 keys. The time is from the submit until the job's status shows a block, looked at every ${LOOK_MS} ms.`,
      `A job lists its keys ${passes.toFixed(1)} times, because it counts its rows while it reads them. Rates and CPU are per listed key.`,
      ...(isFast || quick
        ? []
        : [
            `10,000,000 keys were not listed: at this rate that takes ${expected.toFixed(0)} s, more than ${LONGEST_S} s.`,
          ]),
    ],
    data: { first, listings },
  };
}

/** From the submit of a job over all keys until one of its blocks is in the queue. */
async function firstBlock({ client }, bucket, path) {
  const before = await bucket.seen();
  const started = performance.now();
  const { id } = await client.submit({ model: MODEL, input: { type: 'files', path } });
  for (;;) {
    const { blocks, status, error } = await client.job(id);
    if (error !== null) throw new Error(`job ${id}: ${JSON.stringify(error)}`);
    if (blocks.queued + blocks.running + blocks.done > 0) break;
    if (status === 'completed') throw new Error(`job ${id} had no blocks`);
    await delay(LOOK_MS);
  }
  const ms = performance.now() - started;
  const { pages } = await bucket.seen();
  await client.cancel(id);
  while ((await client.job(id)).finished_at === null) await delay(LOOK_MS);
  return { ms, pages: pages - before.pages };
}

/** Lists all keys for a job that takes few of them, and samples the memory of the API. */
async function listAll({ client, pid }, bucket, keys) {
  const api = treeOf(pid).filter((one) => roleOf(one) === 'api');
  const before = await bucket.seen();
  const samples = [];
  const cpu = cpuSeconds(api);
  const began = performance.now();
  let ended = null;
  const { id } = await client.submit({
    model: MODEL,
    input: { type: 'files', path: bucket.prefix(keys), ...THINNED },
  });
  while (ended === null) {
    const listed = (await bucket.seen()).keys - before.keys;
    samples.push({ listed, mb: rssBytes(api) / 1e6, s: (performance.now() - began) / 1000 });
    const job = await client.job(id);
    if (job.finished_at !== null) ended = job;
    else await delay(SAMPLE_MS);
  }
  if (ended.status !== 'completed' || ended.rows.succeeded !== keys / 10_000)
    throw new Error(
      `job ${id} ${ended.status}: ${JSON.stringify(ended.rows)} ${JSON.stringify(ended.error)}`,
    );
  const { keys: listedInAll } = await bucket.seen();
  const listed = listedInAll - before.keys;
  return {
    keys,
    passes: listed / keys,
    rate: listed / samples.at(-1).s,
    cpuUs: ((cpuSeconds(api) - cpu) / listed) * 1e6,
    samples: samples.map((sample) => ({ ...sample, share: sample.listed / listed })),
  };
}

function rowsOf({ keys, rate, cpuUs, samples }) {
  const over = ([low, high]) =>
    median(samples.filter(({ share }) => share >= low && share <= high).map(({ mb }) => mb));
  return [
    {
      ...growthRow({
        of: 'the API',
        before: over(BEFORE),
        after: over(AFTER),
        span: `while it lists ${keys} keys`,
      }),
      // Shorter listings end before the heap has its final size.
      ...(keys >= MILLION && { target: '<= 10' }),
    },
    { metric: `memory of the API at the end of ${keys} keys`, value: over(AFTER), unit: 'MB' },
    { metric: `listing of ${keys} keys`, value: rate, unit: 'keys/s' },
    { metric: `CPU of the API per key, ${keys} keys`, value: cpuUs, unit: 'µs' },
  ];
}
