// Jobs wait and report why if their model cannot be loaded or has changed. Jobs of other models do not wait.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { JobStatsWire } from '#forebay/api/http/wire/stats.js';
import { startService, writeImages, writeTinyModel, type Service } from '../../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService({ workers: 0, env: { FOREBAY_LOG_LEVEL: 'silent' } });
  await writeImages(join(service.input, 'few'), 12);
});
afterEach(async () => service.stopWorkers());
afterAll(async () => service.close());

const few = { input: { type: 'files', path: 'few' } };

it('a model that cannot be loaded delays only its own jobs, until a worker can load it', async () => {
  writeTinyModel(join(service.models, 'moody'), 'moody');
  const hook = pathToFileURL(join(import.meta.dirname, '../../support/failing-load.mjs')).href;
  await service.startWorker({ NODE_OPTIONS: `--import ${hook}` });
  const held = await service.submit({ model: 'moody', ...few });
  const waiting = await service.until(held.id, 'a reason', ({ reason }) => reason === 'model_failed');
  expect(waiting).toMatchObject({ status: 'queued', rows: { succeeded: 0, failed: 0 } });
  expect(waiting.reason_text).toContain('libmoody.so');
  const other = await service.ended((await service.submit(few)).id);
  expect(other).toMatchObject({ status: 'completed', rows: { succeeded: 12 } });
  const stats = (await (await service.request(`/v1/jobs/${held.id}/stats`)).json()) as JobStatsWire;
  expect(stats).toMatchObject({ reason: 'model_failed', reason_text: waiting.reason_text });
  expect(stats.queue.depth).toMatchObject({ waiting: 0, active: 0 });

  await service.startWorker();
  const ended = await service.ended(held.id);
  expect(ended).toMatchObject({
    status: 'completed',
    reason: null,
    reason_text: null,
    rows: { succeeded: 12 },
  });
});

it('a job never runs on another model of the same name, and names both hashes', async () => {
  writeTinyModel(join(service.models, 'twin'), 'twin');
  await service.startWorker({ FOREBAY_MODELS: 'twin' });
  const before = await service.submit({ model: 'twin', ...few });
  await service.ended(before.id);
  writeFileSync(join(service.models, 'twin', 'labels.txt'), 'r\ng\nb\n');
  const job = await service.submit({ model: 'twin', ...few });
  expect(job.model_hash).not.toBe(before.model_hash);
  const waiting = await service.until(job.id, 'a reason', ({ reason }) => reason === 'no_worker');
  expect(waiting.reason_text).toContain(before.model_hash.slice(0, 12));
  expect(waiting.reason_text).toContain(job.model_hash.slice(0, 12));
  await service.startWorker({ FOREBAY_MODELS: 'twin' });
  expect(await service.ended(job.id)).toMatchObject({ status: 'completed', reason_text: null });
});
