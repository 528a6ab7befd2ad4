/** Measures online requests: what the way to the lane and back costs, how many clients get answers, and beside a job. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { modelFolder } from './harness/model-folder.js';
import { finished, startService } from './harness/service.js';
import { percentile } from './harness/statistics.js';
import { SUBJECTS } from './harness/subjects.js';
import { manifest } from './harness/workloads.js';

export const name = 'online';
export const title = 'Answers at once';
export const proves = 'What an online request costs beside the time of its lane, and what 64 clients get.';
export const defaults = { runs: 1, seconds: 10, quick: { runs: 1, seconds: 2 } };

const MODELS = ['digits-small', 'mobilenetv2'];
const CLIENTS = 64;

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
    for (const [i, { model, files }] of subjects.entries()) {
      const { title: subject } = SUBJECTS[model];
      const ask = asker(service.url, model, files);
      await load(ask, 1, 1);
      const alone = await load(ask, 1, seconds);
      const many = await load(ask, CLIENTS, seconds);
      const job = await finished(
        service.client,
        (await service.client.submit({ model, input: jobs[i].input })).id,
      );
      const offline = job.throughput.rows_per_s;
      const overhead = alone.answers.map(({ ms, laneMs }) => ms - laneMs);
      const of = (values, q) => Number(percentile(values, q).toFixed(2));
      log(
        `${subject}: ${alone.perS.toFixed(0)}/s alone, ${many.perS.toFixed(0)}/s with ${CLIENTS}, job ${offline}`,
      );
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
          metric: `${subject}: ${CLIENTS} clients, p99`,
          value: of(
            many.answers.map(({ ms }) => ms),
            0.99,
          ),
          unit: 'ms',
        },
      );
      data[model] = { overhead, alonePerS: alone.perS, manyPerS: many.perS, offline };
    }
    rows.push(await manyRowsAtOnce(service.client, subjects[0]));
  } finally {
    await service.stop();
  }
  return { rows, charts: [], data };
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

/** Runs clients that ask again as soon as they have an answer. */
async function load(ask, clients, seconds) {
  const answers = [];
  const began = performance.now();
  const until = began + seconds * 1000;
  const client = async () => {
    while (performance.now() < until) answers.push(await ask());
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { answers, perS: (answers.length / (performance.now() - began)) * 1000 };
}

function asker(url, model, files) {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const target = new URL(`/v1/models/${model}/predict`, url);
  let next = 0;
  return async function ask() {
    const body = files[next++ % files.length];
    const began = performance.now();
    return new Promise((resolve, reject) => {
      const headers = { 'Content-Type': 'image/jpeg', 'Content-Length': body.length };
      const asked = request(target, { agent, method: 'POST', headers }, (response) => {
        response.resume();
        response.once('end', () => {
          if (response.statusCode !== 200) return reject(new Error(`answered ${response.statusCode}`));
          const laneMs = Number(/dur=([\d.]+)/.exec(response.headers['server-timing'] ?? '')?.[1]);
          resolve({ ms: performance.now() - began, laneMs });
        });
      });
      asked.once('error', reject);
      asked.end(body);
    });
  };
}
