// Models are unloaded when they are idle, when other models need their memory, or when an operator asks. The next job
// loads its model again, and no job loses a row.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ModelWire } from '#forebay/api/http/wire/model.js';
import type { PlanWire } from '#forebay/api/http/wire/plan.js';
import { childPids } from '../../support/child-pids.ts';
import { freePort } from '../../support/free-port.ts';
import { writeModelFolder } from '../../support/onnx/models.ts';
import { externalWeightsModel } from '../../support/onnx/special-models.ts';
import {
  indexes,
  LABELS,
  readOutput,
  startService,
  upTo,
  writeImages,
  writeTinyModel,
  type Service,
} from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const ROWS = 30;
/** Of a plan that loads a model. It takes two seconds if the machine is not busy. */
const LATE_MS = 4_000;
let service: Service;
beforeAll(async () => {
  service = await startService({ workers: 0, env: { FOREBAY_LOG_LEVEL: 'silent' } });
  await writeImages(join(service.input, 'few'), ROWS);
  rmSync(join(service.models, 'tiny'), { recursive: true });
});
afterEach(async () => service.stopWorkers());
afterAll(async () => service.close());

const write = (name: string, more: Record<string, unknown> = {}) =>
  writeTinyModel(join(service.models, name), name, more);
const model = async (name: string) =>
  (await (await service.request(`/v1/models/${name}`)).json()) as ModelWire;
const becomes = async (name: string, status: ModelWire['status']) =>
  waitUntil(`${name} to be ${status}`, async () => (await model(name)).status === status);
const ask = async (name: string, order: 'load' | 'unload') => {
  const response = await service.post(`/v1/models/${name}/${order}`, {});
  expect(response.status).toBe(202);
};
const submit = async (name: string, options: Record<string, unknown> = {}) =>
  service.submit({
    model: name,
    output: service.out(`${name}-${jobs++}`),
    input: { type: 'files', path: 'few' },
    options,
  });
let jobs = 0;

async function runs(name: string): Promise<void> {
  const job = await submit(name);
  expect(await service.ended(job.id)).toMatchObject({ status: 'completed', rows: { succeeded: ROWS } });
  const rows = readOutput(job.output);
  expect(indexes(rows)).toEqual(upTo(ROWS));
  expect(rows.every((row) => row.predictions![0]!.index === row.index % 3)).toBe(true);
}

/** Submits a job with many rows, so that it still runs when the test unloads its model. */
async function longJob(name: string) {
  const lines = upTo(1_500).map((i) => `few/${String(i % ROWS).padStart(6, '0')}.png`);
  writeFileSync(join(service.input, 'many.txt'), lines.join('\n'));
  return service.submit({
    model: name,
    output: service.out(`${name}-long`),
    input: { type: 'manifest', path: 'many.txt' },
    options: { block_rows: 20 },
  });
}

describe('a model with keep_alive_s', () => {
  it('is unloaded when it is idle, keeps its known properties, and is loaded again for a job or a plan', async () => {
    write('brief', { keep_alive_s: 1 });
    const port = await freePort();
    const worker = await service.startWorker({ FOREBAY_MODELS: 'brief', FOREBAY_WORKER_PORT: String(port) });
    const [lane] = childPids(worker.pid!);
    await becomes('brief', 'unloaded');
    // Only a new lane process is sure to hold no memory of the model.
    await waitUntil('a new lane', () => !childPids(worker.pid!).includes(lane!));
    expect(await model('brief')).toMatchObject({ workers: 1, lanes: 0, providers: ['cpu'], problem: null });
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect([ready.status, await ready.json()]).toMatchObject([200, { models: [{ serving: false }] }]);
    await runs('brief');
    await becomes('brief', 'unloaded');
    const { estimate } = await waitUntil('a plan that was in time', async () => {
      const began = performance.now();
      const response = await service.post('/v1/plan', {
        model: 'brief',
        input: { type: 'files', path: 'few' },
      });
      const plan = (await response.json()) as PlanWire;
      // On a busy machine, the model may load for longer than a plan waits, or be unloaded before the plan is made.
      const isLate = plan.estimate.rows_per_s === null && performance.now() - began > LATE_MS;
      return !isLate && plan;
    });
    expect(estimate, estimate.why).toMatchObject({ rows_per_s: { value: expect.any(Number) } });
    await runs('brief');
  });
});

describe('an operator', () => {
  it('unloads a model while its job runs: the job ends first, and a later job loads the model again', async () => {
    write('asked', { keep_alive_s: -1 });
    await service.startWorker({ FOREBAY_MODELS: 'asked' });
    await service.startWorker({ FOREBAY_MODELS: 'asked' });
    const job = await longJob('asked');
    await service.until(job.id, 'some rows', ({ rows }) => rows.succeeded > 0);
    await ask('asked', 'unload');
    const ended = await service.ended(job.id);
    expect(ended).toMatchObject({ status: 'completed', rows: { succeeded: 1_500, failed: 0 } });
    expect(indexes(readOutput(job.output))).toEqual(upTo(1_500));
    await becomes('asked', 'unloaded');
    await runs('asked');
    expect(await model('asked')).toMatchObject({ status: 'serving' });
  });

  it('keeps a model out of workers that start later, until the operator loads it or a job needs it', async () => {
    write('later');
    const worker = await service.startWorker({ FOREBAY_MODELS: 'later' });
    await ask('later', 'unload');
    await becomes('later', 'unloaded');
    // The worker dies while it loads the model. The wake-up message is lost, and the API is down.
    const job = await submit('later');
    worker.kill('SIGKILL');
    await service.restartApi();
    await service.startWorker({ FOREBAY_MODELS: 'later' });
    expect(await service.ended(job.id)).toMatchObject({ status: 'completed', rows: { succeeded: ROWS } });
    await service.stopWorkers();
    await service.startWorker({ FOREBAY_MODELS: 'later' });
    // The worker that was killed counts until its last sign of life is too old.
    await waitUntil('one worker', async () => (await model('later')).workers === 1);
    expect(await model('later')).toMatchObject({ status: 'unloaded', graph: null });
    await ask('later', 'load');
    await becomes('later', 'serving');
  });

  it('loads and unloads a model while jobs arrive: the last request wins, and no job is lost', async () => {
    write('both');
    await service.startWorker({ FOREBAY_MODELS: 'both' });
    const submitted = [];
    for (const order of ['unload', 'load', 'unload', 'load', 'unload', 'load'] as const) {
      const [, job] = await Promise.all([ask('both', order), submit('both', { block_rows: 3 })]);
      submitted.push(job);
    }
    for (const { id } of submitted)
      expect(await service.ended(id)).toMatchObject({ status: 'completed', rows: { succeeded: ROWS } });
    expect(await model('both')).toMatchObject({ status: 'serving' });
  });
});

describe('a job of an unloaded model', () => {
  it('names the reason if the files of the model were replaced meanwhile, and new jobs use the new files', async () => {
    write('swapped');
    // The job is paused before a worker could end it.
    const job = await submit('swapped');
    await service.post(`/v1/jobs/${job.id}/pause`, {});
    await service.startWorker({ FOREBAY_MODELS: 'swapped' });
    const before = await model('swapped');
    await ask('swapped', 'unload');
    await becomes('swapped', 'unloaded');
    write('swapped', { top_k: 1 });
    await waitUntil('the new files', async () => {
      const now = await model('swapped');
      return now.hash !== before.hash && now.status === 'serving';
    });
    await runs('swapped');
    await service.post(`/v1/jobs/${job.id}/resume`, {});
    await service.until(job.id, 'the reason', ({ reason, reason_text }) =>
      Boolean(reason === 'no_worker' && reason_text?.includes('were replaced after this job was submitted')),
    );
  });
});

describe('a memory budget', () => {
  /** Writes a model with 12 MB of weights. The budget is smaller, so the worker holds only one such model. */
  function writeLarge(name: string, more: Record<string, unknown> = {}): void {
    const config = { name, task: 'image-classification', preprocess: { crop: 8 }, top_k: 1, ...more };
    const dir = join(service.models, name);
    writeModelFolder(dir, externalWeightsModel(8), config, LABELS);
    const bias = new Float32Array(3 * 2 ** 20);
    writeFileSync(join(dir, 'weights.bin'), Buffer.from(bias.buffer));
  }
  const statuses = async (...names: string[]) =>
    Promise.all(names.map(async (name) => (await model(name)).status));
  const ended = async (name: string) => service.ended((await submit(name)).id);

  it('unloads the model that was used least recently to load the one that a job needs', async () => {
    for (const name of ['first', 'second']) writeLarge(name);
    await service.startWorker({ FOREBAY_MODELS: 'first,second', FOREBAY_MODELS_MB: '1' });
    expect(await statuses('first', 'second')).toEqual(['serving', 'unloaded']);
    expect(await ended('second')).toMatchObject({ status: 'completed', rows: { succeeded: ROWS } });
    expect(await statuses('first', 'second')).toEqual(['unloaded', 'serving']);
  });

  it('never unloads a pinned model, and a job of another model says that it waits for memory', async () => {
    writeLarge('pinned', { keep_alive_s: -1 });
    writeLarge('evicted');
    await service.startWorker({ FOREBAY_MODELS: 'evicted,pinned', FOREBAY_MODELS_MB: '1' });
    expect(await statuses('evicted', 'pinned')).toEqual(['unloaded', 'serving']);
    const job = await submit('evicted');
    const says = /^Model "evicted" waits for memory: .*\(FOREBAY_MODELS_MB\).*: pinned\.$/;
    await service.until(job.id, 'the reason', ({ reason_text }) => says.test(reason_text ?? ''));
    // Only an operator can make room.
    await ask('pinned', 'unload');
    expect(await service.ended(job.id)).toMatchObject({ status: 'completed', rows: { succeeded: ROWS } });
    expect(await statuses('evicted', 'pinned')).toEqual(['serving', 'unloaded']);
  });
});
