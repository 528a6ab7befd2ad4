// A deployment during a job: workers that are replaced one after the other lose no row and fail no run.
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { JobStatsWire } from '#forebay/api/http/wire/stats.js';
import { expectEveryRowOnce, writeManyRows } from '../support/many-rows.ts';
import { startService, type Service } from '../support/service.ts';

let service: Service;
let input: Awaited<ReturnType<typeof writeManyRows>>;
const ROWS = 3000;
beforeAll(async () => {
  service = await startService({ workers: 0 });
  input = await writeManyRows(service.input, ROWS);
});
afterEach(async () => service.stopWorkers());
afterAll(async () => service.close());

const submit = async (limit = ROWS) => service.submit({ input, options: { block_rows: 20, limit } });

async function expectNoRunFailed(id: string, rows = ROWS): Promise<void> {
  expectEveryRowOnce(await service.ended(id, 90_000), rows);
  const stats = (await (await service.request(`/v1/jobs/${id}/stats`)).json()) as JobStatsWire;
  expect(stats.last_run_error).toBeNull();
}

it('no run fails while both workers are replaced', async () => {
  const workers = [await service.startWorker(), await service.startWorker()];
  const { id } = await submit();
  for (const [i, worker] of workers.entries()) {
    await service.until(id, 'some commits', ({ blocks }) => blocks.done >= 10 * (i + 1));
    const successor = await service.startWorker();
    worker.kill('SIGTERM');
    const [code] = (await once(worker, 'exit')) as [number];
    expect(code).toBe(0);
    workers[i] = successor;
  }
  await expectNoRunFailed(id);
}, 180_000);

it('no run counts as failed when a worker without grace time hands its blocks back', async () => {
  const first = await service.startWorker({ FOREBAY_SHUTDOWN_GRACE_S: '0' });
  await service.startWorker();
  const { id } = await submit(ROWS / 2);
  await service.until(id, 'some commits', ({ blocks }) => blocks.done >= 10);
  first.kill('SIGTERM');
  await once(first, 'exit');
  await expectNoRunFailed(id, ROWS / 2);
}, 120_000);
