/**
 * Measures jobs over prefixes with very many keys. API, worker and Redis are real, and a server lists generated keys. A
 * job over all keys gives the time to the first block. The memory of the API is measured with three jobs: one that takes
 * few keys of ten million, one over real objects, and, with --rows, one over as many keys.
 */
import { modelFolder } from './harness/model-folder.js';
import { Unavailable } from './harness/places.js';
import { startService } from './harness/service.js';
import { median } from './harness/statistics.js';
import { digits } from './harness/workloads.js';
import { startBucket } from './listing/bucket.js';
import { everyKey, everyKeyRows } from './listing/every-key.js';
import { firstBlock, LOOK_MS } from './listing/first-block.js';
import { memoryLines } from './listing/memory-rows.js';
import { realKeyRows, realKeys } from './listing/real-keys.js';
import { listAll, sparseRows } from './listing/sparse-job.js';

export const name = 'listing';
export const title = 'The first block and memory over prefixes of up to ten million keys';
export const proves =
  'That a job over a million keys has its first block within a second, and that listing needs constant memory.';

const MODEL = 'digits-small';
const MILLION = 1_000_000;
const WARM_KEYS = 200_000;
/** Ten million keys are listed only if that takes less. */
const LONGEST_S = 180;
const REAL_KEYS = 100_000;
const QUICK_REAL_KEYS = 2_000;

export async function run({ log, runs, quick, rows: longRows }) {
  const picture = digits(1)[0];
  const bucket = await startBucket(picture);
  try {
    const { first, listings, notes } = await withService(bucket, async (service) =>
      measure({ service, bucket, log, runs, quick }),
    );
    const real = await attemptRealKeys({ model: MODEL, picture, keys: quick ? QUICK_REAL_KEYS : REAL_KEYS });
    const every = longRows === undefined ? [] : [await everyKey(bucket, longRows, log)];
    return {
      rows: [
        ...Object.entries(first).flatMap(firstRows),
        ...listings.flatMap(sparseRows),
        ...real.jobs.flatMap(realKeyRows),
        ...every.flatMap(everyKeyRows),
      ],
      charts: [memoryLines([...listings, ...real.jobs, ...every])],
      notes: [...notes, ...real.notes],
      data: { first, listings, real: real.jobs, every },
    };
  } finally {
    await bucket.stop();
  }
}

async function withService(bucket, work) {
  const service = await startService({
    models: [modelFolder(MODEL)],
    inputs: [bucket.root],
    env: { ...bucket.env, REDIS_URL: undefined },
  });
  try {
    return await work(service);
  } finally {
    await service.stop();
  }
}

async function attemptRealKeys(options) {
  try {
    return { jobs: [await realKeys(options)], notes: [] };
  } catch (error) {
    if (error instanceof Unavailable) return { jobs: [], notes: [`No real keys: ${error.message}.`] };
    throw error;
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
      const before = (await bucket.seen()).pages;
      const body = { model: MODEL, input: { type: 'files', path } };
      const { ms, found } = await firstBlock(service, body, bucket.seen);
      const pages = found.pages - before;
      const note = i === 0 ? ' (not counted)' : '';
      log(`${label}: first block after ${ms.toFixed(0)} ms and ${pages} pages${note}`);
      // The first job opens the queue and compiles code.
      if (i > 0) first[label].push({ ms, pages });
    }
  }
  await listAll(service, bucket, MODEL, WARM_KEYS);
  const listings = [await listAll(service, bucket, MODEL, quick ? WARM_KEYS : MILLION)];
  const { keys, rate, passes } = listings[0];
  log(`${keys} keys: ${rate.toFixed(0)} keys/s, ${passes.toFixed(1)} times`);
  const expected = (10 * MILLION * passes) / rate;
  const isFast = !quick && expected < LONGEST_S;
  if (isFast) listings.push(await listAll(service, bucket, MODEL, 10 * MILLION));
  const notes = [
    `Pages have 1,000 keys. The time is from the submit until the job's status shows a block, looked at every ${LOOK_MS} ms.`,
    `A job that takes few keys lists them ${passes.toFixed(1)} times. Rates and CPU are per listed key.`,
  ];
  if (!isFast && !quick) {
    notes.push(
      `10,000,000 keys were not listed: at this rate that takes ${expected.toFixed(0)} s, more than ${LONGEST_S} s.`,
    );
  }
  return { first, listings, notes };
}

function firstRows([label, times]) {
  return [
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
  ];
}
