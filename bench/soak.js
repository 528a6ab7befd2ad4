/**
 * Constant memory under real work: one job of two million digits through the real service, resident memory of every
 * process and Redis's own sampled all along; and a lane that loads and releases a model 200 times.
 * FOREBAY_BENCH_SOAK_ROWS asks for another number of rows.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectRedis } from '../dist/shared/queue/connection.js';
import { startChildLane } from '../dist/workers/lane-pool/child-lane.js';
import { median } from './harness/measure.js';
import { commandOf, rssBytes, treeOf } from './harness/processes.js';
import { startService } from './harness/service.js';
import { configOf, digits, manifest, modelFolder } from './harness/workloads.js';

export const name = 'soak';
export const title = 'Memory over two million real rows';

const MODEL = 'digits-small';
const ROWS = 2_000_000;
const QUICK_ROWS = 20_000;
/**
 * A job before the one that is watched: code is compiled, heaps and pools are as large as this load makes them. The first
 * tenth of the watched one is not compared either.
 */
const WARM_SHARE = 0.05;
const FROM = 0.1;
const SAMPLES_WANTED = 1_000;
const MOST_GROWTH = '<= 10';
/** Part of the job around a mark whose median counts: the collectors' ups and downs are larger than any growth. */
const AROUND = 0.05;

const LOADS = 200;
const QUICK_LOADS = 40;
/** Loads until the lane's heaps are what they will be. */
const WARM_LOADS = 0.2;

export async function run({ log, quick }) {
  const asked = Number(process.env['FOREBAY_BENCH_SOAK_ROWS'] ?? Number.NaN);
  const rows = quick ? QUICK_ROWS : asked > 0 ? asked : ROWS;
  const soaked = await soak(rows, log);
  const loads = await loadAgainAndAgain(quick ? QUICK_LOADS : LOADS, log);
  return {
    rows: [...soaked.rows, ...loads.rows],
    charts: [
      {
        type: 'lines',
        title: 'Memory over the job',
        x: { label: '% of rows' },
        y: { label: 'MB', unit: 'MB' },
        series: soaked.series,
      },
    ],
    notes: [...soaked.notes, ...loads.notes],
    data: { samples: soaked.samples, loads: loads.sizes },
  };
}

async function soak(rows, log) {
  const warmRows = Math.ceil(rows * WARM_SHARE);
  const watched = manifest('soak', digits(rows));
  const service = await startService({ models: [modelFolder(MODEL)], inputs: watched.roots });
  const redis = connectRedis(await redisUrlOf(service), 'background', () => undefined);
  try {
    const job = { model: MODEL, input: watched.input };
    await ended(service.client, (await service.client.submit({ ...job, options: { limit: warmRows } })).id);
    const { id } = await service.client.submit(job);
    const began = performance.now();
    const samples = [];
    let next = 0;
    const done = await ended(service.client, id, async ({ rows: { succeeded } }) => {
      const share = succeeded / rows;
      if (share < next) return;
      next = share + 1 / SAMPLES_WANTED;
      samples.push({ share, s: (performance.now() - began) / 1000, mb: await sizes(service.pid, redis) });
      if (samples.length % 100 === 0) log(`${(share * 100).toFixed(0)} %`);
    });
    if (done.rows.succeeded !== rows)
      throw new Error(`${done.rows.succeeded} of ${rows} rows: ${JSON.stringify(done.rows)}`);
    return { ...judge(samples, rows), samples };
  } finally {
    redis.disconnect();
    await service.stop();
  }
}

/** MB of each process by role, lanes by their place among the lanes; and what Redis says it uses. */
async function sizes(launcher, redis) {
  const found = {};
  let lane = 0;
  let worker = 0;
  for (const pid of treeOf(launcher)) {
    const command = commandOf(pid);
    const role = command.includes('lane/main.js')
      ? `lane ${++lane}`
      : command.includes('workers/main.js')
        ? `worker ${++worker}`
        : command.includes('api/main.js')
          ? 'api'
          : null;
    if (role !== null) found[role] = rssBytes([pid]) / 1e6;
    if (role?.startsWith('lane')) found[`${role} pid`] = pid;
  }
  const memory = await redis.info('memory');
  for (const [role, field] of [
    ['redis (used)', 'used_memory'],
    ['redis (resident)', 'used_memory_rss'],
  ]) {
    found[role] = Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(memory)?.[1]) / 1e6;
  }
  return found;
}

function judge(samples, rows) {
  const roles = Object.keys(samples.at(-1).mb).filter((role) => !role.endsWith(' pid'));
  const at = (role, low, high) =>
    median(samples.filter(({ share }) => share >= low && share <= high).map(({ mb }) => mb[role] ?? 0));
  const figures = roles.flatMap((role) => {
    const before = at(role, FROM - AROUND / 2, FROM + AROUND / 2);
    const after = at(role, 1 - AROUND, 1);
    return [
      { metric: `${role} at ${FROM * 100} %`, value: before, unit: 'MB' },
      { metric: `${role} at 100 %`, value: after, unit: 'MB' },
      {
        metric: `growth of ${role} from ${FROM * 100} % to 100 %`,
        value: ((after - before) / before) * 100,
        unit: '%',
        target: MOST_GROWTH,
      },
    ];
  });
  const lanes = roles.filter((role) => role.startsWith('lane'));
  const pids = new Set(samples.flatMap(({ mb }) => lanes.map((role) => mb[`${role} pid`]).filter(Boolean)));
  return {
    rows: [
      ...figures,
      { metric: 'lanes started again', value: pids.size - lanes.length, unit: '' },
      { metric: 'speed', value: rows / samples.at(-1).s, unit: 'rows/s' },
    ],
    series: roles.map((role) => ({
      label: role,
      points: samples.map(({ share, mb }) => [share * 100, mb[role] ?? 0]),
    })),
    notes: [
      `${rows} rows of ${MODEL}, after ${Math.ceil(rows * WARM_SHARE)} of warming up; resident memory of each ` +
        `process, medians around the marks; ${samples.length} samples over ${samples.at(-1).s.toFixed(0)} s.`,
    ],
  };
}

/** One lane that loads the model into the place of the one before, which is released: the unit of load and unload. */
async function loadAgainAndAgain(loads, log) {
  const dir = modelFolder(MODEL);
  const image = readFileSync(digits(1)[0]);
  const limits = {
    inputRoots: [],
    maxFileBytes: image.length,
    maxHeldBytes: image.length,
    maxPixels: 1_000_000,
    maxImageRatio: 5000,
    maxDecodeBytes: 2 ** 30,
    decodeBudgetBytes: 2 ** 30,
  };
  const lane = startChildLane({ index: 0, uvThreads: 2, limits });
  const sizesMb = [];
  try {
    for (let i = 0; i < loads; i++) {
      await lane.load({ model: 'm', dir, config: configOf(dir), labels: null, threads: 1 });
      const { outcomes } = await lane.run({ model: 'm', rows: [{ bytes: image }], topK: 1 });
      if (!outcomes[0].ok) throw new Error(`load ${i}: ${JSON.stringify(outcomes[0].error)}`);
      sizesMb.push(rssBytes([lane.pid]) / 1e6);
    }
  } finally {
    await lane.close();
  }
  const tenth = Math.ceil(loads / 10);
  const warm = Math.floor(loads * WARM_LOADS);
  const before = median(sizesMb.slice(warm, warm + tenth));
  const after = median(sizesMb.slice(-tenth));
  log(`${loads} loads: ${before.toFixed(0)} MB, then ${after.toFixed(0)} MB`);
  return {
    rows: [
      { metric: `lane after ${warm} loads of a model`, value: before, unit: 'MB' },
      {
        metric: `growth to ${loads} loads`,
        value: ((after - before) / before) * 100,
        unit: '%',
        target: MOST_GROWTH,
      },
    ],
    notes: ['Each load of a lane is followed by a row, and releases the session of the load before.'],
    sizes: sizesMb,
  };
}

/** The socket of the service's private Redis, or the Redis that it was given. */
async function redisUrlOf({ pid }) {
  const given = process.env['REDIS_URL'];
  if (given) return given;
  const api = treeOf(pid).find((one) => commandOf(one).includes('api/main.js'));
  const env = readFileSync(join('/proc', String(api), 'environ'), 'utf8').split('\0');
  return env.find((entry) => entry.startsWith('REDIS_URL=')).slice('REDIS_URL='.length);
}

/** Polls a job until its end. Throws Error unless it completed. */
async function ended(client, id, onLook = async (_job) => {}) {
  for (;;) {
    const job = await client.job(id);
    await onLook(job);
    if (job.finished_at !== null) {
      if (job.status === 'completed') return job;
      throw new Error(`job ${id} ${job.status}: ${JSON.stringify(job.error)}`);
    }
    await delay(LOOK_MS);
  }
}

const LOOK_MS = 50;
