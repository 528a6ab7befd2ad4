// A deploy under load: workers replaced one after the other lose nothing, and cost little.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { JobStatsWire } from '#forebay/api/http/wire/stats.js';
import { indexes, readOutput, startService, upTo, writeImages, type Service } from '../support/service.ts';

let service: Service;
const ROWS = 3000;
beforeAll(async () => {
  service = await startService({ workers: 0, env: { FOREBAY_LANES: '1' } });
  await writeImages(join(service.input, 'images'), 30);
  writeFileSync(
    join(service.input, 'rows.txt'),
    upTo(ROWS)
      .map((i) => JSON.stringify({ id: `row-${i}`, uri: `images/${String(i % 30).padStart(6, '0')}.png` }))
      .join('\n'),
  );
});
afterEach(async () => service.stopWorkers());
afterAll(async () => service.close());

const submit = async () =>
  service.submit({ input: { type: 'manifest', path: 'rows.txt' }, options: { block_rows: 20 } });

it('loses no row and counts no attempt while both workers are replaced', async () => {
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
  const job = await service.ended(id, 90_000);
  expect(job.rows).toEqual({ total: ROWS, succeeded: ROWS, failed: 0, adopted: 0 });
  expect(indexes(readOutput(job.output))).toEqual(upTo(ROWS));
  const stats = (await (await service.request(`/v1/jobs/${id}/stats`)).json()) as JobStatsWire;
  expect(stats.last_run_error).toBeNull();
}, 180_000);

it('hands blocks back at once where there is no grace, and they do not count as tried', async () => {
  const first = await service.startWorker({ FOREBAY_SHUTDOWN_GRACE_S: '0' });
  await service.startWorker();
  const { id } = await submit();
  await service.until(id, 'some commits', ({ blocks }) => blocks.done >= 10);
  first.kill('SIGTERM');
  await once(first, 'exit');
  const job = await service.ended(id, 90_000);
  expect(job.rows).toEqual({ total: ROWS, succeeded: ROWS, failed: 0, adopted: 0 });
  expect(indexes(readOutput(job.output))).toEqual(upTo(ROWS));
  const stats = (await (await service.request(`/v1/jobs/${id}/stats`)).json()) as JobStatsWire;
  expect(stats.last_run_error).toBeNull();
}, 120_000);
