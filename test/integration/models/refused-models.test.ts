// Models whose folders the API can read, but the workers cannot: everything that names the model says why.
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ModelWire } from '#forebay/api/http/wire/model.js';
import { forebayCommands } from '../../support/forebay-command.ts';
import { startService, writeImages, writeTinyModel, type Service } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

let service: Service;
let copies: string;
beforeAll(async () => {
  service = await startService({ workers: 0, env: { FOREBAY_LOG_LEVEL: 'silent' } });
  await writeImages(join(service.input, 'few'), 2);
  writeTinyModel(join(service.models, 'bare'), 'bare');
  // The worker of another host has its own copies.
  copies = join(service.folder, 'copies');
  cpSync(service.models, copies, { recursive: true });
  rmSync(join(copies, 'bare', 'labels.txt'));
  writeTinyModel(join(copies, 'theirs'), 'theirs');
  rmSync(join(copies, 'theirs', 'labels.txt'));
});
afterEach(async () => service.stopWorkers());
afterAll(async () => service.close());

const modelOf = async (name: string) => (await service.request(`/v1/models/${name}`)).json();
const bodyOf = async (response: Response) => ({
  status: response.status,
  ...((await response.json()) as object),
});
const predict = async (name: string) =>
  bodyOf(
    await service.post(`/v1/models/${name}/predict`, { rows: [{ image: 'data:image/png;base64,AAAA' }] }),
  );

it('the model, its requests, its readiness and its jobs give the reason of the worker', async () => {
  await service.startWorker({ FOREBAY_MODELS_DIR: copies });
  const reason = /the worker on \S+ cannot read it: .*copies\/bare.*labels\.txt/;
  await waitUntil('the heartbeat', async () => ((await modelOf('tiny')) as ModelWire).lanes > 0);
  expect(await modelOf('bare')).toMatchObject({
    status: 'failed',
    problem: { code: 'invalid_model_config', message: expect.stringMatching(reason) },
    workers: 0,
  });
  expect(await predict('bare')).toMatchObject({
    status: 503,
    code: 'no_worker',
    detail: expect.stringMatching(reason),
  });
  const ready = await service.request('/v2/models/bare/ready');
  expect(await bodyOf(ready)).toMatchObject({ status: 503, error: expect.stringMatching(reason) });
  const job = await service.submit({ model: 'bare', input: { type: 'files', path: 'few' } });
  const waiting = await service.until(job.id, 'a reason', ({ reason: why }) => why === 'model_failed');
  expect(waiting.reason_text).toMatch(reason);
  const commands = forebayCommands(service.folder, service.env);
  const listed = await commands.run('models', '--url', service.url);
  await commands.close();
  expect(listed.out).toMatch(reason);

  // The worker sees the file that was missing.
  writeFileSync(join(copies, 'bare', 'labels.txt'), 'red\ngreen\nblue\n');
  expect(await service.ended(job.id)).toMatchObject({ status: 'completed', rows: { succeeded: 2 } });
  expect(await modelOf('bare')).toMatchObject({ status: 'serving', problem: null });
});

it('a model that only workers have, and cannot read, is listed with their reason', async () => {
  await service.startWorker({ FOREBAY_MODELS_DIR: copies });
  await waitUntil('the heartbeat', async () => ((await modelOf('tiny')) as ModelWire).lanes > 0);
  expect(await modelOf('theirs')).toMatchObject({
    code: 'invalid_model_config',
    detail: expect.stringMatching(/the worker on \S+ cannot read it: .*theirs.*labels\.txt/),
  });
  const { data } = (await (await service.request('/v1/models')).json()) as { data: ModelWire[] };
  expect(data.find(({ name }) => name === 'theirs')).toMatchObject({ status: 'failed', hash: null });
});

it('a worker that finds no models folder is named as the cause', async () => {
  const nowhere = join(service.folder, 'nowhere');
  await service.startWorker({ FOREBAY_MODELS_DIR: nowhere });
  await waitUntil('the heartbeat', async () => /nowhere/.test(JSON.stringify(await modelOf('tiny'))));
  expect(await predict('tiny')).toMatchObject({
    status: 503,
    detail: expect.stringMatching(
      /the worker on \S+ cannot read its models: there is no models folder .*nowhere/,
    ),
  });
});
