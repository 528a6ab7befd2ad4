/**
 * Measures online requests: what the way to the lane and back costs, how many are answered per second, and what they
 * cost a job that runs beside them.
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { modelFolder } from './harness/model-folder.js';
import { cpuByRole, perAnswer, runClients, totalOf, warmUp } from './online/run-clients.js';
import { finished, startService } from './harness/service.js';
import { median, percentile } from './harness/statistics.js';
import { SUBJECTS } from './harness/subjects.js';
import { manifest, repeated } from './harness/workloads.js';

export const name = 'online';
export const title = 'Answers at once';
export const proves = 'What an online request costs on top of its time in the lane, and what 64 clients get.';
export const defaults = { runs: 1, seconds: 10, quick: { runs: 1, seconds: 2 } };

const MODELS = ['digits-small', 'mobilenetv2', 'resnet50'];
const CLIENTS = 64;
/** A new server answers as many requests before it is measured as one core of it answers in this time. */
const WARM_UP_S = 30;

export async function run({ log, seconds }) {
  const subjects = MODELS.map((model) => {
    const paths = SUBJECTS[model].rows(SUBJECTS[model].atLeast);
    return { model, paths, files: paths.slice(0, 200).map((path) => readFileSync(path)) };
  });
  const jobs = subjects.map(({ model, paths }) => manifest(`online-${model}`, paths));
  const service = await startService({
    models: MODELS.map((model) => modelFolder(model)),
    inputs: jobs.flatMap((job) => job.roots),
  });
  const rows = [];
  const data = {};
  try {
    for (const [i, { model, paths, files }] of subjects.entries()) {
      const { title: subject } = SUBJECTS[model];
      const url = `${service.url}/v1/models/${model}/predict`;
      const asked = { url, files: paths.slice(0, files.length), type: 'image/jpeg', seconds };
      await warmUp(asked, service.pid, WARM_UP_S * SUBJECTS[model].roughly);
      const alone = await runClients({ ...asked, clients: 1 }, service.pid);
      const many = await runClients({ ...asked, clients: CLIENTS }, service.pid);
      const offer = async (input) =>
        finished(service.client, (await service.client.submit({ model, input })).id);
      const short = await offer(jobs[i].input);
      const rowsFor = (s) => repeated(paths, Math.ceil(short.throughput.rows_per_s * s));
      const before = cpuByRole(service.pid);
      const job = await offer(manifest(`online-alone-${model}`, rowsFor(seconds)).input);
      const jobCpu = perAnswer(before, cpuByRole(service.pid), job.rows.succeeded);
      const offline = job.throughput.rows_per_s;
      const overhead = alone.asked.map(({ ms, laneMs }) => ms - laneMs);
      const of = (values, q) => Number(percentile(values, q).toFixed(2));
      const cpuMs = totalOf(many.cpuMs);
      log(
        `${subject}: ${alone.perS.toFixed(0)}/s alone, ${many.perS.toFixed(0)}/s with ${CLIENTS}, job ${offline}; other programs took ${many.otherCores.toFixed(2)} cores`,
      );
      for (const [role, ms] of Object.entries(many.cpuMs)) {
        log(`  ${role}: ${ms.toFixed(3)} ms per request, ${jobCpu[role].toFixed(3)} ms per row of the job`);
      }
      rows.push(
        {
          metric: `${subject}: request less its lane, p50`,
          value: of(overhead, 0.5),
          unit: 'ms',
          target: '<= 3',
        },
        {
          metric: `${subject}: request less its lane, p99`,
          value: of(overhead, 0.99),
          unit: 'ms',
          target: '<= 10',
        },
        {
          metric: `${subject}: ${CLIENTS} clients / job`,
          value: many.perS / offline,
          unit: '',
          target: '>= 0.9',
        },
        {
          metric: `${subject}: ${CLIENTS} clients / job on the cores that the clients leave`,
          value: many.perS / (offline * (1 - many.clientCores / cpus().length)),
          unit: '',
        },
        {
          metric: `${subject}: CPU of a row of a job / of a request, ${CLIENTS} clients`,
          value: totalOf(jobCpu) / cpuMs,
          unit: '',
        },
        { metric: `${subject}: ${CLIENTS} clients, CPU per request`, value: cpuMs, unit: 'ms' },
        { metric: `${subject}: ${CLIENTS} clients, p99`, value: of(many.times, 0.99), unit: 'ms' },
      );
      // Lasts longer than the requests beside it.
      const { input } = manifest(`online-long-${model}`, rowsFor((seconds + 2) * (4 * TURNS + 2)));
      const laneMs = median(alone.asked.map((one) => one.laneMs));
      rows.push(...(await besideJob({ service, asked, model, subject, input, offline, seconds, laneMs })));
      data[model] = { overhead, alonePerS: alone.perS, manyPerS: many.perS, offline };
    }
    rows.push(await manyRowsAtOnce(service.client, subjects[0]));
  } finally {
    await service.stop();
  }
  return { rows, charts: [], data };
}

/** How often the job runs alone and beside requests, in turns. */
const TURNS = 3;

/**
 * Requests at a tenth of the job's rate, while the job takes all that is left. What the requests leave follows from CPU
 * time: what the API, Redis and the worker take more than without them, what the clients take on the same cores, and
 * `laneMs` per request, the time of a lane on an idle service.
 */
async function besideJob({ service, asked, model, subject, input, offline, seconds, laneMs }) {
  const { client, pid } = service;
  // More than the API can take would measure the API.
  const rate = Math.min(offline / 10, 100);
  const { id } = await client.submit({ model, input });
  const committed = async () => {
    const { rows, finished_at, status } = await client.job(id);
    if (finished_at !== null) throw new Error(`the job was ${status} before the measurement ended`);
    return rows.succeeded;
  };
  while ((await committed()) === 0) await wait(20);
  /** At the next commit, because rows count only then, a block at a time. */
  const mark = async () => {
    const before = await committed();
    for (;;) {
      const rows = await committed();
      if (rows > before) return { at: performance.now(), rows, cpu: cpuByRole(pid) };
      await wait(10);
    }
  };
  const waiting = async () => {
    const before = await mark();
    await wait(seconds * 1000);
    return between(before, await mark());
  };
  const turns = [];
  const times = [];
  let before = await waiting();
  for (let turn = 0; turn < TURNS; turn++) {
    const marks = [];
    const asking = await runClients({ ...asked, rate }, pid, () => marks.push(mark()));
    const beside = between(...(await Promise.all(marks)));
    const after = await waiting();
    const more = (role) => Math.max(0, beside.cores(role) - (before.cores(role) + after.cores(role)) / 2);
    const busy = asking.clientCores + (rate * laneMs) / 1000 + more('api') + more('redis') + more('worker');
    turns.push({ kept: (2 * beside.perS) / (before.perS + after.perS), left: 1 - busy / cpus().length });
    times.push(...asking.times);
    before = after;
  }
  const { stages, batches } = await client.stats(id);
  await client.cancel(id);
  const { open_ms, decode_ms, prepare_ms, infer_ms, post_ms, other_ms } = stages;
  const batchMs = (open_ms + decode_ms + prepare_ms + infer_ms + post_ms + other_ms) / batches;
  const per = `${subject}: ${rate.toFixed(0)} requests/s beside a job`;
  return [
    { metric: `${per}, p50`, value: percentile(times, 0.5), unit: 'ms' },
    {
      metric: `${per}, p99 less a batch (${batchMs.toFixed(1)} ms)`,
      value: percentile(times, 0.99) - batchMs,
      unit: 'ms',
      target: '<= 30',
    },
    {
      metric: `${subject}: what they leave of the cores`,
      value: median(turns.map(({ left }) => left)),
      unit: '',
    },
    {
      metric: `${subject}: the job beside them / alone`,
      value: median(turns.map(({ kept }) => kept)),
      unit: '',
    },
    {
      metric: `${subject}: the job beside them / what they leave of it`,
      value: median(turns.map(({ kept, left }) => kept / left)),
      unit: '',
      target: '>= 0.9',
    },
  ];
}

/** What happened between two marks: rows of the job per second, and cores that a role kept busy. */
function between(before, after) {
  const seconds = (after.at - before.at) / 1000;
  return {
    perS: (after.rows - before.rows) / seconds,
    cores: (role) => ((after.cpu[role] ?? 0) - (before.cpu[role] ?? 0)) / seconds,
  };
}

/** One synchronous request with 1,000 images. */
async function manyRowsAtOnce(client, { model, files }) {
  const rows = Array.from({ length: 1000 }, (_, i) => ({ image: dataUrl(files[i % files.length]) }));
  await client.predict(model, { rows });
  const began = performance.now();
  const { results } = await client.predict(model, { rows });
  const ms = performance.now() - began;
  if (results.some((row) => row.error !== undefined)) throw new Error('a row failed');
  return { metric: 'digits: one request with 1,000 images', value: ms, unit: 'ms', target: '< 1000' };
}

const dataUrl = (file) => `data:image/jpeg;base64,${file.toString('base64')}`;
