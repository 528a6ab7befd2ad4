// What the service rests on fails for a while: Redis full or gone, a model's file unreadable. Nothing is lost or hangs.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { indexes, readOutput, startService, upTo, writeImages, type Service } from '../support/service.ts';
import { waitUntil } from '../support/wait-until.ts';

let service: Service;
beforeAll(async () => {
  service = await startService({ workers: 0 });
  await writeImages(join(service.input, 'images'), 30);
  const rows = upTo(2000).map((i) =>
    JSON.stringify({ id: `row-${i}`, uri: `images/${String(i % 30).padStart(6, '0')}.png` }),
  );
  writeFileSync(join(service.input, 'rows.txt'), rows.join('\n'));
});
afterEach(async () => service.stopWorkers());
afterAll(async () => service.close());

const childrenOf = (pid: number) =>
  execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .trim()
    .split(/\s+/)
    .map(Number);

it('loses no row when Redis is out of memory for a while', async () => {
  await service.startWorker();
  const redis = new Redis(service.redis.socketPath);
  const { id } = await service.submit({
    input: { type: 'manifest', path: 'rows.txt' },
    options: { block_rows: 10 },
  });
  await service.until(id, 'some commits', ({ blocks }) => blocks.done >= 10);
  await redis.config('SET', 'maxmemory', '100kb');
  await waitUntil(
    'Redis to refuse',
    async () => Number(/errorstat_OOM:count=(\d+)/.exec(await redis.info('errorstats'))?.[1] ?? 0) > 20,
  );
  await redis.config('SET', 'maxmemory', '0');
  redis.disconnect();
  const job = await service.ended(id);
  expect(job).toMatchObject({ status: 'completed', rows: { total: 2000, succeeded: 2000, failed: 0 } });
  expect(indexes(readOutput(job.output))).toEqual(upTo(2000));
}, 120_000);

it('serves a model again whose file was unreadable when its lane was started again', async () => {
  const worker = await service.startWorker({ FOREBAY_LANES: '1' });
  const file = join(service.models, 'tiny', 'model.onnx');
  const good = readFileSync(file);
  const { id } = await service.submit({
    input: { type: 'manifest', path: 'rows.txt' },
    options: { block_rows: 10 },
  });
  await service.until(id, 'some commits', ({ blocks }) => blocks.done >= 5);
  writeFileSync(file, 'a copy in progress');
  process.kill(childrenOf(worker.pid!)[0]!, 'SIGKILL');
  await service.until(
    id,
    'the job to say that nobody serves its model',
    ({ reason }) => reason === 'no_worker',
  );
  writeFileSync(file, good);
  expect(await service.ended(id)).toMatchObject({ status: 'completed', rows: { succeeded: 2000 } });
}, 120_000);

it('ends on SIGTERM although Redis is gone', async () => {
  const doomed = await startService({
    workers: 0,
    env: { FOREBAY_SHUTDOWN_GRACE_S: '1', FOREBAY_LOG_LEVEL: 'silent' },
  });
  const worker = await doomed.startWorker();
  await writeImages(join(doomed.input, 'few'), 3);
  const { id } = await doomed.submit({ input: { type: 'files', path: 'few' } });
  await doomed.ended(id);
  process.kill(doomed.redis.pid, 'SIGKILL');
  await waitUntil('the API to notice', async () => (await doomed.request('/readyz')).status === 503);
  worker.kill('SIGTERM');
  await once(worker, 'exit');
  await doomed.close();
}, 60_000);
