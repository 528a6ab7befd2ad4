// Dependencies of the service fail for a while: Redis is full or gone, or a model's file is unreadable. Nothing is
// lost, and nothing hangs.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, it } from 'vitest';
import { childPids } from '../../support/child-pids.ts';
import { expectEveryRowOnce, writeManyRows } from '../../support/many-rows.ts';
import { startService, writeImages, type Service } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const ROWS = 2000;
let service: Service;
let input: Awaited<ReturnType<typeof writeManyRows>>;
beforeAll(async () => {
  service = await startService({ workers: 0 });
  input = await writeManyRows(service.input, ROWS);
});
afterEach(async () => service.stopWorkers());
afterAll(async () => service.close());

it('no row is lost while Redis is out of memory', async () => {
  await service.startWorker();
  const redis = new Redis(service.redis.socketPath);
  const { id } = await service.submit({ input, options: { block_rows: 10 } });
  await service.until(id, 'some commits', ({ blocks }) => blocks.done >= 10);
  await redis.config('SET', 'maxmemory', '100kb');
  await waitUntil(
    'Redis to refuse',
    async () => Number(/errorstat_OOM:count=(\d+)/.exec(await redis.info('errorstats'))?.[1] ?? 0) > 20,
  );
  await redis.config('SET', 'maxmemory', '0');
  redis.disconnect();
  expectEveryRowOnce(await service.ended(id), ROWS);
});

it('a model whose file was unreadable when its lane restarted is served again once the file is good', async () => {
  const worker = await service.startWorker();
  const file = join(service.models, 'tiny', 'model.onnx');
  const good = readFileSync(file);
  const { id } = await service.submit({ input, options: { block_rows: 10 } });
  await service.until(id, 'some commits', ({ blocks }) => blocks.done >= 5);
  writeFileSync(file, 'a copy in progress');
  process.kill(childPids(worker.pid!)[0]!, 'SIGKILL');
  const says = /the worker on \S+ cannot read it: .*model\.onnx is not an ONNX model/;
  await service.until(
    id,
    'the job to say why nobody serves its model',
    ({ reason, reason_text }) => reason === 'model_failed' && says.test(reason_text ?? ''),
  );
  writeFileSync(file, good);
  expectEveryRowOnce(await service.ended(id), ROWS);
});

it('API and worker end on SIGTERM even if Redis is gone', async () => {
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
  await Promise.all([once(worker, 'exit'), doomed.close()]);
});
