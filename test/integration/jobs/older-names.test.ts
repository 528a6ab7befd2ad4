// Redis data of an older version is read under today's names, on a real Redis.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PlanWire } from '#forebay/api/http/wire/plan.js';
import type { ModelRef } from '#forebay/shared/domain/model/model-config.js';
import { indexKeys, jobKeys, sampleKeys } from '#forebay/shared/queue/keys.js';
import { LOAD, startTestApi, type TestApi } from '../../support/api-service.ts';

let api: TestApi;
let ref: ModelRef;
beforeAll(async () => {
  api = await startTestApi();
  ({ ref } = await api.models.findModel('digits-small'));
});
afterAll(() => api.close());

const MODEL = { model: 'digits-small', input: { type: 'files', path: '.' } };
const choice = (value: number, boundBy: string) => ({ value, boundBy, why: 'named in model.json' });

/** Writes the heartbeat of a worker of an older version. */
async function beatOfOlderWorker(served: object): Promise<void> {
  const worker = {
    id: 'older',
    host: 'h',
    pid: 1,
    pool: 'default',
    startedAt: 0,
    lagP99Ms: 3,
    ...LOAD,
    resources: { cpus: 4, memoryBytes: 2 ** 30, inflightBytes: 2 ** 20 },
    plan: {
      lanes: choice(2, 'contract'),
      threads: choice(1, 'cpus'),
      decodeThreads: choice(3, 'contract'),
      batchesPerLane: choice(3, 'ceiling'),
      readsAtOnce: choice(32, 'ceiling'),
    },
    models: [
      {
        ref,
        lanes: 2,
        batchSize: 7,
        problem: null,
        graph: null,
        batchInvariance: null,
        memory: null,
        ...served,
      },
    ],
  };
  const [seconds] = await api.redis.time();
  await api.redis.hset(indexKeys.workers, worker.id, JSON.stringify(worker));
  await api.redis.zadd(indexKeys.beats, Number(seconds) * 1000, worker.id);
  // The worker's queue of samples is full, so a plan does not wait for a sample.
  await api.redis.rpush(sampleKeys(worker.id).waiting, 'a', 'b', 'c');
}

async function ask<Body>(path: string, body?: object): Promise<Body> {
  const response = await fetch(`${api.url}${path}`, {
    ...(body && {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  expect(response.ok).toBe(true);
  return (await response.json()) as Body;
}

it('a plan shows the choices of an older worker under current names', async () => {
  const sizing = {
    fileBytes: 1000,
    lanes: choice(2, 'contract'),
    threads: choice(1, 'cpus'),
    batch: choice(7, 'contract'),
  };
  await beatOfOlderWorker({ sizing });
  const { numbers } = await ask<PlanWire>('/v1/plan', MODEL);
  expect(numbers.batch_size).toEqual({ value: 7, bound_by: 'model_config', why: 'named in model.json' });
  expect(numbers.lanes).toMatchObject({ value: 2, bound_by: 'model_config' });
  expect(numbers.threads_per_lane).toMatchObject({ bound_by: 'cpus' });
  expect(numbers.decode_threads).toMatchObject({ value: 3, bound_by: 'model_config' });
});

it('a model that an older worker could not load has a current error code', async () => {
  for (const [older, newer] of [
    ['invalid_contract', 'invalid_model_config'],
    ['contract_mismatch', 'config_mismatch'],
    ['model_load_failed', 'model_load_failed'],
  ]) {
    await beatOfOlderWorker({ lanes: 0, problem: { code: older, message: 'no' } });
    expect(await ask('/v1/models/digits-small')).toMatchObject({
      status: 'failed',
      problem: { code: newer, message: 'no' },
    });
  }
});

it('a job that an older version ended has a current error code', async () => {
  const { id } = await ask<{ id: string }>('/v1/jobs', MODEL);
  const error = JSON.stringify({ code: 'contract_mismatch', message: 'no' });
  await api.redis.hset(jobKeys(id).job, 'error', error);
  await api.jobs.transition(id, 'finalizing');
  await api.jobs.transition(id, 'failed');
  expect(await ask(`/v1/jobs/${id}`)).toMatchObject({
    status: 'failed',
    error: { code: 'config_mismatch', message: 'no' },
  });
});
