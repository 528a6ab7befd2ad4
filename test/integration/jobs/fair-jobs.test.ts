// Two jobs on one lane of a real service: equal ones end together, and an urgent one goes first (ADR 39).
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writePredictor } from '../../support/predictors.ts';
import { startService, upTo, type Service } from '../../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService({
    workers: 0,
    env: { FOREBAY_LANES: '1', FOREBAY_MODELS: 'nap', FOREBAY_SHUTDOWN_GRACE_S: '1' },
  });
  writePredictor(
    join(service.models, 'nap'),
    `import { setTimeout as delay } from 'node:timers/promises';
    async predict(rows) { await delay(rows[0].fields.ms); return rows.map(() => ({})); },`,
    { name: 'nap', batching: { batch_size: 2, max_wait_ms: 5 } },
  );
  await service.startWorker();
});
afterAll(async () => service.close());

const submit = async (rows: number, ms: number, options: object) =>
  service.submit({ model: 'nap', input: { type: 'inline', rows: upTo(rows).map(() => ({ ms })) }, options });

it('two jobs with equally many rows end together, although their blocks differ', async () => {
  const rows = 260;
  const jobs = [await submit(rows, 12, { block_rows: 4 }), await submit(rows, 12, { block_rows: 2 })];
  const first = await Promise.any(
    jobs.map(async ({ id }) => service.until(id, 'all rows', (job) => job.rows.succeeded === rows)),
  );
  const other = await service.job(jobs.find(({ id }) => id !== first.id)!.id);
  // If both had equally many blocks on the queue, it would be half way.
  expect(other.rows.succeeded).toBeGreaterThan(0.7 * rows);
});

it('an urgent job runs before the rest of a block that the worker has taken', async () => {
  const huge = await submit(400, 30, { block_rows: 400 });
  await service.until(huge.id, 'the block in the worker', ({ blocks }) => blocks.running === 1);
  const urgent = await submit(2, 1, { priority: 1 });
  expect((await service.ended(urgent.id)).status).toBe('completed');
  expect((await service.job(huge.id)).rows.succeeded).toBe(0);
  await service.post(`/v1/jobs/${huge.id}/cancel`, {});
});
