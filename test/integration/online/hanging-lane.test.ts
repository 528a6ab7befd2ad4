// Online requests while user code hangs in one lane, with two workers of one lane each.
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writePredictor } from '../../support/predictors.ts';
import { startService, type Service } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

let service: Service;
let workers: ChildProcess[];
beforeAll(async () => {
  service = await startService({
    workers: 0,
    env: { FOREBAY_LANES: '1', FOREBAY_MODELS: 'quick,stuck', FOREBAY_LOG_LEVEL: 'silent' },
  });
  const quick = 'predict: (rows) => rows.map(({ fields }) => fields.x),';
  writePredictor(join(service.models, 'quick'), quick, { name: 'quick' });
  const stuck = `import { writeFileSync } from 'node:fs';
    async predict(rows) {
      const [{ fields }] = rows;
      if (fields.file === undefined) return rows.map(() => 'fine');
      writeFileSync(fields.file, '');
      await new Promise(() => {});
    },`;
  writePredictor(join(service.models, 'stuck'), stuck, { name: 'stuck' });
  workers = [await service.startWorker(), await service.startWorker()];
  for (const name of ['quick', 'stuck']) {
    const workersOf = async () =>
      ((await (await service.request(`/v1/models/${name}`)).json()) as { workers: number }).workers;
    await waitUntil(`two workers with ${name}`, async () => (await workersOf()) === 2);
  }
});
afterAll(async () => {
  // A worker that stops in order waits for its batches.
  for (const worker of workers) worker.kill('SIGKILL');
  await service.close();
});

const ask = async (model: string, row: object, timeout_ms: number) =>
  service.post(`/v1/models/${model}/predict`, { rows: [row], timeout_ms });

it('a worker whose lane seems to hang leaves requests to the other worker', async () => {
  const file = join(service.folder, 'began');
  const leaving = new AbortController();
  const hanging = fetch(new URL('/v1/models/stuck/predict', service.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ rows: [{ file }], timeout_ms: 90_000 }),
    signal: leaving.signal,
  }).catch(() => null);
  await waitUntil('the row to hang', () => existsSync(file));
  const began = performance.now();
  await waitUntil('the lane to be suspected', () => performance.now() - began > 5_500);
  for (let round = 0; round < 10; round++) {
    const answers = await Promise.all([1, 2, 3, 4].map(async (x) => ask('quick', { x }, 15_000)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  }
  leaving.abort();
  await hanging;
});
