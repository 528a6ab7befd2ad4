// Processes killed in mid-job: every row exactly once (G1, G3, G4). Real SIGKILLs, no stand-ins.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import { indexes, readOutput, startService, upTo, writeImages, type Service } from '../support/service.ts';

let service: Service;
const ROWS = 3000;
beforeAll(async () => {
  service = await startService({ workers: 0 });
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
const started = (job: JobWire) => job.blocks.done >= 5;

function expectEveryRowOnce(job: JobWire): void {
  expect(job).toMatchObject({ status: 'completed', rows: { total: ROWS, succeeded: ROWS, failed: 0 } });
  const rows = readOutput(job.output);
  expect(indexes(rows)).toEqual(upTo(ROWS));
  for (const row of rows) {
    expect(row.id).toBe(`row-${row.index}`);
    expect(row.predictions![0]!.index).toBe(row.index % 3);
  }
}

const childrenOf = (pid: number) =>
  execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .trim()
    .split(/\s+/)
    .map(Number);

it('completes with every row once when a worker is killed in mid-job and another goes on', async () => {
  const first = await service.startWorker();
  const { id } = await submit();
  await service.until(id, 'some commits', started);
  const lanes = childrenOf(first.pid!);
  first.kill('SIGKILL');
  await service.startWorker();
  expectEveryRowOnce(await service.ended(id, 90_000));
  for (const pid of lanes) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
}, 120_000);

it('completes with every row once when lanes are killed again and again', async () => {
  const worker = await service.startWorker();
  const { id } = await submit();
  // Far enough apart that the rows of one death are through before the next.
  for (let done = 5; done <= 130; done += 60) {
    await service.until(id, `${done} commits`, (job) => job.blocks.done >= done);
    process.kill(childrenOf(worker.pid!)[0]!, 'SIGKILL');
  }
  expectEveryRowOnce(await service.ended(id));
}, 90_000);

it('completes with every row once when the API is killed in mid-job', async () => {
  await service.startWorker();
  const { id } = await submit();
  await service.until(id, 'some commits', started);
  await service.restartApi();
  expectEveryRowOnce(await service.ended(id));
}, 90_000);

it('loses nothing when a worker is stopped, and the worker leaves nothing behind', async () => {
  const first = await service.startWorker();
  const { id } = await submit();
  await service.until(id, 'some commits', started);
  const lanes = childrenOf(first.pid!);
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
  expectEveryRowOnce(await service.ended(id));
}, 90_000);

it('resumes from the parts alone after the total loss of Redis', async () => {
  const worker = await service.startWorker();
  const output = service.out('resumed');
  const body = { input: { type: 'manifest', path: 'rows.txt' }, output, options: { block_rows: 20 } };
  const { id } = await service.submit(body);
  await service.until(id, 'some commits', started);
  worker.kill('SIGKILL');
  const { Redis } = await import('ioredis');
  const redis = new Redis(service.redis.socketPath);
  await redis.flushall();
  redis.disconnect();
  await service.startWorker();
  const again = await service.submit({ ...body, options: { block_rows: 64, if_output_exists: 'resume' } });
  const job = await service.ended(again.id);
  expect(job.options.block_rows).toBe(20);
  expectEveryRowOnce(job);
  const stats = (await (await service.request(`/v1/jobs/${again.id}/stats`)).json()) as {
    rows: number;
    batches: number;
  };
  expect(stats.rows).toBe(ROWS);
  const changed = await service.post('/v1/jobs', {
    model: 'tiny',
    ...body,
    input: { type: 'files', path: 'images' },
    options: { if_output_exists: 'resume' },
  });
  const other = await service.ended(((await changed.json()) as JobWire).id);
  expect(other).toMatchObject({ status: 'failed', error: { code: 'dataset_changed' } });
}, 120_000);
