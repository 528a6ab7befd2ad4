// A deployment during a job: workers that are replaced one after the other, or drained, lose no row and fail no run.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { JobStatsWire } from '#forebay/api/http/wire/stats.js';
import { childPids } from '../../support/child-pids.ts';
import { forebay } from '../../support/forebay-program.ts';
import { freePort } from '../../support/free-port.ts';
import { expectEveryRowOnce, writeManyRows } from '../../support/many-rows.ts';
import { startService, type Service } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

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

/** What `/readyz` of the worker answers. */
async function readiness(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  return `${response.status} ${((await response.json()) as { status: string }).status}`;
}

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

it('a worker that ends is not ready, and can be scraped until it has finished', async () => {
  const port = await freePort();
  const worker = await service.startWorker({ FOREBAY_WORKER_PORT: String(port), FOREBAY_LANES: '1' });
  const [lane] = childPids(worker.pid!);
  process.kill(lane!, 'SIGSTOP');
  const exited = once(worker, 'exit');
  const { id } = await submit(1);
  try {
    await service.until(id, 'a block in the lane', ({ blocks }) => blocks.running > 0);
    worker.kill('SIGTERM');
    await waitUntil('the worker not to be ready', async () => (await readiness(port)) === '503 draining');
    const scrape = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(scrape).toContain('forebay_worker_state{state="draining"} 1');
  } finally {
    process.kill(lane!, 'SIGCONT');
  }
  expect(await exited).toEqual([0, null]);
  await service.ended(id);
}, 120_000);

it('a drained worker finishes what it holds, and waits until it is resumed, even if the API restarts', async () => {
  const port = await freePort();
  const worker = await service.startWorker({ FOREBAY_WORKER_PORT: String(port), FOREBAY_LANES: '1' });
  const ready = async () => readiness(port);
  const command = async (...words: string[]) =>
    forebay({ cwd: service.folder }, 'workers', ...words, '--url', service.url);
  const shows = async (status: string) =>
    waitUntil(`the worker to be ${status}`, async () =>
      new RegExp(`^(\\S+)  ${status} .* tiny$`, 'm').exec((await command()).out),
    );

  // Nothing is computed before the worker is drained.
  const [lane] = childPids(worker.pid!);
  process.kill(lane!, 'SIGSTOP');
  const { id } = await submit(ROWS / 2);
  const [, name = ''] = await shows('running');
  try {
    await service.until(id, 'a block in the lane', ({ blocks }) => blocks.running > 0);
    expect(await command('drain', name)).toMatchObject({ code: 0 });
    await shows('draining');
    expect(await ready()).toBe('503 draining');
  } finally {
    process.kill(lane!, 'SIGCONT');
  }
  await shows('drained');
  expect(await ready()).toBe('503 drained');
  const waits = await service.until(id, 'it to wait', ({ reason }) => reason === 'no_worker');
  expect(waits.reason_text).toContain('are draining');
  expect([waits.blocks.running, waits.blocks.done > 0]).toEqual([0, true]);
  await command('resume', name);
  await expectNoRunFailed(id, ROWS / 2);
  expect(await ready()).toBe('200 ok');

  await command('drain', name);
  await shows('drained');
  await service.restartApi();
  await shows('drained');
  const image = readFileSync(join(service.input, 'images', '000000.png'));
  const headers = { 'content-type': 'image/png' };
  const online = await service.request('/v1/models/tiny/predict', { method: 'POST', headers, body: image });
  expect(await online.json()).toMatchObject({
    code: 'no_worker',
    detail: expect.stringContaining('draining'),
  });
  expect(await (await service.request('/metrics')).text()).toContain(
    'forebay_workers_draining{pool="default"} 1',
  );
  expect((await command('drain', 'nobody')).err).toContain('No live worker has the id "nobody"');
}, 60_000);
