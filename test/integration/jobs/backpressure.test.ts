// Backpressure (G2, G5): windows and queues are bounded, and waiting jobs report why.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { blockQueueName, jobKeys } from '#forebay/shared/queue/keys.js';
import { redisOptions } from '#forebay/shared/redis/redis-url.js';
import { createBlockQueues } from '#forebay/shared/queue/blocks/block-queue.js';
import { createScripts } from '#forebay/shared/queue/scripts.js';
import {
  indexes,
  readOutput,
  startService,
  upTo,
  writeImages,
  writeTinyModel,
  type Service,
} from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

let service: Service;
let redis: Redis;
let queues: ReturnType<typeof createBlockQueues>;
beforeAll(async () => {
  service = await startService();
  redis = new Redis({
    ...redisOptions(service.redis.url),
    maxRetriesPerRequest: null,
    replyMapping: 'legacy',
  });
  queues = createBlockQueues({ redis, run: createScripts(redis), onError: () => {} });
  await writeImages(join(service.input, 'few'), 40);
});
afterAll(async () => {
  await queues.close();
  redis.disconnect();
  await service.close();
});

/** The maximum number of blocks that two lanes hold: three batches each, and one extra block. */
const RUNS_ENDING = 7;

const queueOf = (job: { model: string; model_hash: string }) =>
  blockQueueName({ name: job.model, hash: job.model_hash, pool: 'default' });

it('Redis never holds more than the window of a manifest with 200,000 rows', async () => {
  const lines = upTo(200_000).map((i) => `few/${String(i % 40).padStart(6, '0')}.png`);
  writeFileSync(join(service.input, 'huge.txt'), lines.join('\n'));
  const before = await memoryBytes();
  const job = await service.submit({
    input: { type: 'manifest', path: 'huge.txt' },
    options: { block_rows: 100 },
  });
  const queue = queueOf(job);
  const seen: number[] = [];
  const onQueue: number[] = [];
  let grown = 0;
  // The feeder runs ahead of the worker immediately, so a growing window would show in the first seconds.
  await service.until(
    job.id,
    'the count and some commits',
    ({ rows, blocks }) => rows.total !== null && blocks.done >= 8,
  );
  for (let i = 0; i < 100; i++) {
    seen.push(await redis.hlen(jobKeys(job.id).window));
    const { waiting, active, delayed } = await queues.depth(queue);
    onQueue.push(waiting + active + delayed);
    grown = Math.max(grown, (await memoryBytes()) - before);
  }
  expect((await service.job(job.id)).rows.total).toBe(200_000);
  expect(Math.max(...seen)).toBeLessThanOrEqual(16);
  // A block leaves the window when it is committed, and the queue shortly after. So the queue may hold a few more.
  expect(Math.max(...onQueue)).toBeLessThanOrEqual(16 + RUNS_ENDING);
  expect(grown).toBeLessThan(2 * 1024 * 1024);
  await service.post(`/v1/jobs/${job.id}/cancel`, {});
  expect((await service.ended(job.id)).status).toBe('cancelled');
  expect(await redis.hlen(jobKeys(job.id).window)).toBe(0);
  await untilEmpty(queue);
});

it('a job finishes while another job is paused with a full window', async () => {
  writeFileSync(
    join(service.input, 'long.txt'),
    upTo(20_000)
      .map(() => 'few/000000.png')
      .join('\n'),
  );
  const long = await service.submit({
    input: { type: 'manifest', path: 'long.txt' },
    options: { block_rows: 50, priority: 1 },
  });
  await service.until(long.id, 'a full window', ({ blocks }) => blocks.queued + blocks.running >= 10);
  await service.post(`/v1/jobs/${long.id}/pause`, {});
  const short = await service.submit({
    input: { type: 'files', path: 'few' },
    options: { block_rows: 4, priority: 100 },
  });
  expect(await service.ended(short.id)).toMatchObject({ status: 'completed', rows: { succeeded: 40 } });
  const paused = await service.until(
    long.id,
    'no block of the paused job on the queue',
    ({ blocks }) => blocks.running === 0,
  );
  expect(paused).toMatchObject({ status: 'paused', reason: 'paused' });
  await untilEmpty(queueOf(long));
  const done = paused.blocks.done;

  await service.post(`/v1/jobs/${long.id}/resume`, {});
  await service.until(long.id, 'more commits', ({ blocks }) => blocks.done > done + 10);
  await service.post(`/v1/jobs/${long.id}/cancel`, {});
  const ended = await service.ended(long.id);
  expect(ended.status).toBe('cancelled');
  const rows = readOutput(ended.output);
  expect(rows).toHaveLength(ended.rows.succeeded);
  expect(new Set(indexes(rows)).size).toBe(rows.length);
});

it('a job never has more blocks in progress than its concurrency', async () => {
  writeFileSync(
    join(service.input, 'narrow.txt'),
    upTo(600)
      .map(() => 'few/000000.png')
      .join('\n'),
  );
  const job = await service.submit({
    input: { type: 'manifest', path: 'narrow.txt' },
    options: { block_rows: 5, concurrency: 3 },
  });
  let most = 0;
  await service.until(job.id, 'the end', ({ status, blocks }) => {
    most = Math.max(most, blocks.queued + blocks.running);
    return status === 'completed';
  });
  expect(most).toBeLessThanOrEqual(3);
});

it('a job whose model no worker serves waits with no_worker, and starts when a worker serves the model', async () => {
  writeTinyModel(join(service.models, 'later'), 'later');
  const job = await service.submit({ model: 'later', input: { type: 'files', path: 'few' } });
  const waiting = await service.until(job.id, 'a reason', ({ reason }) => reason === 'no_worker');
  expect(waiting).toMatchObject({ status: 'queued', rows: { succeeded: 0 } });
  await service.until(job.id, 'the count', ({ rows }) => rows.total === 40);
  const worker = await service.startWorker({ FOREBAY_MODELS: 'later' });
  expect(await service.ended(job.id)).toMatchObject({ status: 'completed', rows: { succeeded: 40 } });
  worker.kill('SIGTERM');
});

it('jobs beyond the limit are refused with 429 and Retry-After', async () => {
  const small = await startService({ workers: 0, env: { FOREBAY_MAX_JOBS: '2' } });
  try {
    await writeImages(join(small.input, 'few'), 1);
    const body = { model: 'tiny', input: { type: 'files', path: 'few' } };
    expect((await small.post('/v1/jobs', body)).status).toBe(202);
    expect((await small.post('/v1/jobs', body)).status).toBe(202);
    const third = await small.post('/v1/jobs', body);
    expect(third.status).toBe(429);
    expect(third.headers.get('retry-after')).toBe('10');
    expect(await third.json()).toMatchObject({ code: 'too_many_jobs' });
  } finally {
    await small.close();
  }
});

async function untilEmpty(queue: string): Promise<void> {
  await waitUntil('an empty queue', async () => {
    const { waiting, active, delayed } = await queues.depth(queue);
    return waiting + active + delayed === 0;
  });
}

async function memoryBytes(): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))![1]);
}
