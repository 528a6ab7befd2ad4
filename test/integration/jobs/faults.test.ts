// Lanes, workers, the API and Redis die in the middle of a job, and every row is answered exactly once (G1, G3, G4).
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import type { JobStatsWire } from '#forebay/api/http/wire/stats.js';
import { childPids } from '../../support/child-pids.ts';
import { expectEveryRowOnce, writeManyRows } from '../../support/many-rows.ts';
import { startService, type Service } from '../../support/service.ts';

let service: Service;
let input: Awaited<ReturnType<typeof writeManyRows>>;
const ROWS = 2400;
/** Rows of jobs that are disturbed only once. */
const FEWER = 1200;
beforeAll(async () => {
  service = await startService({ workers: 0 });
  input = await writeManyRows(service.input, ROWS);
});
afterEach(async () => service.stopWorkers());
afterAll(async () => service.close());

const submit = async (limit = ROWS) => service.submit({ input, options: { block_rows: 20, limit } });
const started = (job: JobWire) => job.blocks.done >= 5;

it('a job completes although lanes are killed again and again', async () => {
  const worker = await service.startWorker({ FOREBAY_LANES: '2' });
  const { id } = await submit();
  // Far enough apart that the rows of a dead lane are done before the next lane is killed.
  for (let done = 5; done <= 105; done += 50) {
    await service.until(id, `${done} commits`, (job) => job.blocks.done >= done);
    process.kill(childPids(worker.pid!)[0]!, 'SIGKILL');
  }
  expectEveryRowOnce(await service.ended(id), ROWS);
});

it('a job completes although the API is killed', async () => {
  await service.startWorker();
  const { id } = await submit(FEWER);
  await service.until(id, 'some commits', started);
  await service.restartApi();
  expectEveryRowOnce(await service.ended(id), FEWER);
});

it('a worker that is stopped loses no row and leaves no process behind', async () => {
  const first = await service.startWorker();
  const { id } = await submit(FEWER);
  await service.until(id, 'some commits', started);
  const lanes = childPids(first.pid!);
  first.kill('SIGTERM');
  const [code] = (await once(first, 'exit')) as [number];
  expect(code).toBe(0);
  for (const pid of lanes) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  const waiting = await service.until(
    id,
    'no worker',
    ({ reason, blocks }) => reason === 'no_worker' && blocks.running === 0,
  );
  expect(waiting.status).toBe('running');
  await service.startWorker();
  expectEveryRowOnce(await service.ended(id), FEWER);
});

it('an output is resumed from its parts alone after Redis has lost everything', async () => {
  const worker = await service.startWorker();
  const body = { input, output: service.out('resumed'), options: { block_rows: 20, limit: FEWER } };
  const { id } = await service.submit(body);
  await service.until(id, 'some commits', started);
  worker.kill('SIGKILL');
  const redis = new Redis(service.redis.socketPath);
  await redis.flushall();
  redis.disconnect();
  await service.startWorker();
  const again = await service.submit({
    ...body,
    options: { block_rows: 64, limit: FEWER, if_output_exists: 'resume' },
  });
  const job = await service.ended(again.id);
  expect(job.options.block_rows).toBe(20);
  expectEveryRowOnce(job, FEWER);
  const stats = (await (await service.request(`/v1/jobs/${again.id}/stats`)).json()) as JobStatsWire;
  expect(stats.rows).toBe(FEWER);
  const changed = await service.submit({
    ...body,
    input: { type: 'files', path: 'images' },
    options: { if_output_exists: 'resume' },
  });
  const other = await service.ended(changed.id);
  expect(other).toMatchObject({ status: 'failed', error: { code: 'dataset_changed' } });
});
