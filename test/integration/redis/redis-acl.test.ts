// The ACL line of docs/security.md on a real Redis. It is enough for the whole service and allows nothing else.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serviceChores } from '#forebay/api/sweeper/service-chores.js';
import { newJobId } from '#forebay/shared/domain/job/job-id.js';
import { createBlockTaker } from '#forebay/shared/queue/blocks/block-taker.js';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import { createLeftovers } from '#forebay/shared/queue/jobs/leftovers.js';
import { blockQueueName, BULLMQ_PREFIX, indexKeys, jobKeys } from '#forebay/shared/queue/keys.js';
import { createInlinePipelines } from '#forebay/shared/queue/workers/inline-pipelines.js';
import { createStoredModelOrders } from '#forebay/shared/queue/workers/stored-model-orders.js';
import { createKeyStore } from '#forebay/shared/keys/key-store.js';
import { documentedRights } from '../../support/documented-rights.ts';
import { MODEL, openQueueLayer, slotLimits, slotUser } from '../../support/queue.ts';
import { startTestRedis } from '../../support/redis.ts';
import { indexes, readOutput, startService, upTo, writeImages, type Service } from '../../support/service.ts';

const quiet = () => undefined;
const raise = (error: unknown) => {
  throw error;
};
const PASSWORD = 'only-for-this-test';

let redis: Awaited<ReturnType<typeof startTestRedis>>;
let operator: ReturnType<typeof connectRedis>;
let service: Service;
let url: string;
beforeAll(async () => {
  redis = await startTestRedis();
  operator = connectRedis(redis.url, 'background', quiet);
  await operator.call('ACL', 'SETUSER', 'forebay', ...documentedRights(PASSWORD));
  url = redis.url.replace('unix://', `unix://forebay:${PASSWORD}@`);
  service = await startService({ env: { REDIS_URL: url } });
});
afterAll(async () => {
  await service?.close();
  operator.disconnect();
  await redis.stop();
});

const CHECKOUT = join(import.meta.dirname, '../../..');
/** BullMQ's script for pausing a queue. Forebay does not pause queues, and docs/security.md says so. */
const NOT_USED = 'pause-7.js rename';

it('the documented rights include every command that the code and its scripts send', async () => {
  const rights = new Set(documentedRights(PASSWORD).map((right) => right.replace(/^\+/, '')));
  const known = new Set((await operator.call('COMMAND', 'LIST')) as string[]);
  const lua = /\b(?:redis\.|r)p?call\(\s*['"](\w+)['"]/g;
  // Commands of a transaction are chained to multi().
  const direct =
    /\b(?:redis|client|multi|batch|subscriber)\.(\w+)\(|multi\(\)((?:\s*\.\w+\((?:[^()]|\([^()]*\))*\))+)/g;
  const bullmq = dirname(createRequire(import.meta.url).resolve('bullmq'));
  const sent = new Set([
    ...commandsIn(join(CHECKOUT, 'src/shared/queue/scripts'), lua),
    ...commandsIn(join(bullmq, 'scripts'), lua),
    ...['shared', 'api', 'workers', 'cli'].flatMap((side) => commandsIn(join(CHECKOUT, 'src', side), direct)),
  ]);
  const commands = [...sent].filter((one) => known.has(one.split(' ')[1]!));
  expect(commands.length).toBeGreaterThan(100);
  expect(commands.filter((one) => !rights.has(one.split(' ')[1]!))).toEqual([NOT_USED]);
});

/** Each command that the files of a folder name, as `FILE COMMAND`. */
function commandsIn(folder: string, pattern: RegExp): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => /\.(lua|js|ts)$/.test(file))
    .flatMap((file) => {
      const calls = [...readFileSync(join(folder, file), 'utf8').matchAll(pattern)];
      const names = calls.flatMap(([, name, chain]) =>
        name === undefined ? [...chain!.matchAll(/\.(\w+)\(/g)].map(([, link]) => link!) : [name],
      );
      return names.map((name) => `${file} ${name.toLowerCase()}`);
    });
}

it('the documented rights are enough for jobs from start to end, and for keys', async () => {
  await writeImages(join(service.input, 'few'), 40);
  await writeImages(join(service.input, 'paused'), 200);
  const { id } = await service.submit({
    input: { type: 'files', path: 'few' },
    output: 'few',
    options: { block_rows: 4 },
  });
  const paused = await service.submit({
    input: { type: 'files', path: 'paused' },
    options: { block_rows: 1 },
  });
  for (const verb of ['pause', 'resume', 'cancel'])
    await service.post(`/v1/jobs/${paused.id}/${verb}`, undefined);
  const plan = await service.post('/v1/plan', { model: 'tiny', input: { type: 'files', path: 'few' } });
  expect(plan.status).toBe(200);
  expect((await service.ended(id)).status).toBe('completed');
  await service.ended(paused.id);
  expect(indexes(readOutput(service.out('few')))).toEqual(upTo(40));
  expect((await service.request(`/v1/jobs/${id}/stats`)).status).toBe(200);
  expect(await (await service.request(`/v1/jobs/${id}/events`)).text()).toContain('completed');

  writeFileSync(join(service.input, 'few', 'bad.png'), 'not an image');
  const failing = await service.submit({ input: { type: 'files', path: 'few' } });
  await service.ended(failing.id);
  const retry = await service.post(`/v1/jobs/${failing.id}/retry`, undefined);
  expect(retry.status).toBe(202);
  await service.ended(((await retry.json()) as { id: string }).id);
  for (const order of ['unload', 'load'])
    expect((await service.post(`/v1/models/tiny/${order}`, undefined)).status).toBe(202);
  for (const path of [
    '/v1/jobs',
    '/v1/models',
    `/v1/jobs/${id}/results`,
    `/v1/jobs/${id}/deliveries`,
    '/readyz',
  ])
    expect((await service.request(path)).status, path).toBe(200);

  const forebay = connectRedis(url, 'request', quiet);
  try {
    const keys = createKeyStore({ redis: forebay });
    const { record } = await keys.create({ name: 'x', tenant: 'x', scopes: [], expiresAt: null });
    await keys.revoke(record.id);
  } finally {
    forebay.disconnect();
  }
  expect(await denied()).toEqual([]);
});

it('the documented rights are enough for a sweep, and for blocks that fail or are left to a newer version', async () => {
  const layer = await openQueueLayer(url);
  const queue = blockQueueName({ ...MODEL, name: 'forgotten' });
  const [dead, ended] = [1, 2].map((n) => newJobId(Date.now() - 3_600_000, new Uint8Array(16).fill(n)));
  const blocks = new Queue(queue, { connection: layer.redis, prefix: BULLMQ_PREFIX });
  try {
    // What a dead job leaves: 110 failed runs, a delayed block, a waiting block, a slot, an id and an order.
    const data = (block: number) => ({ v: 1, job: dead, block, generation: 1, first_row: block, rows: 1 });
    const jobs = Array.from({ length: 112 }, (_, i) => ({
      name: 'block',
      data: data(i),
      opts: { jobId: `${dead}-${i}-1` },
    }));
    await blocks.addBulk(jobs);
    const taker = await createBlockTaker({ redis: layer.redis, queue, onError: quiet });
    for (let i = 0; i < 110; i++) await (await taker.take())!.fail(new Error('broken'));
    await (await taker.take())!.leaveToNewer();
    await taker.close();
    await layer.slots.take(queue, slotUser(dead!), slotLimits(64), [0]);
    await operator.hset(indexKeys.modelOrders, queue, 'unload older');
    await operator.zadd(indexKeys.jobs, 0, dead!, 0, ended!);
    await operator.hset(jobKeys(ended!).job, { status: 'completed', tenant: 'default' });

    const leftovers = createLeftovers(layer);
    // On a slow machine, the service has begun to sweep.
    await operator.del(indexKeys.sweeper);
    expect(await leftovers.holdSweep('this-test', 60_000)).toBe(true);
    const chores = serviceChores({
      ...layer,
      leftovers,
      modelOrders: createStoredModelOrders(layer),
      pipelines: createInlinePipelines(layer),
      spoolDir: join(service.folder, 'no-spool'),
    });
    const swept: Record<string, number> = {};
    for (const chore of [...chores, ...chores])
      for (const [kind, count] of Object.entries(await chore(raise)))
        swept[kind] = (swept[kind] ?? 0) + count;
    await leftovers.dropSweep('this-test');
    expect(swept).toMatchObject({ slots: 1, blocks: 2, failed_runs: 10, job_ids: 1, jobs_retired: 1 });
  } finally {
    await blocks.close();
    await layer.close();
  }
  expect(await denied()).toEqual([]);
});

it('the documented rights allow no other key, no other channel and no administration', async () => {
  expect(await denied()).toEqual([]);
  const forebay = connectRedis(url, 'request', quiet);
  try {
    const refused: [string, ...string[]][] = [
      ['GET', 'somebody:else'],
      ['PUBLISH', 'somebody:else', 'x'],
      ['EVAL', "return redis.call('GET', 'somebody:else')", '0'],
      ['FLUSHALL'],
      ['FLUSHDB'],
      ['CONFIG', 'GET', '*'],
      ['CONFIG', 'SET', 'dir', '/tmp'],
      ['ACL', 'LIST'],
      ['KEYS', '*'],
      ['SHUTDOWN', 'NOSAVE'],
      ['REPLICAOF', 'NO', 'ONE'],
      ['MODULE', 'LIST'],
      ['CLIENT', 'LIST'],
      ['SAVE'],
      ['MONITOR'],
    ];
    for (const [command, ...args] of refused)
      await expect(forebay.call(command, ...args), command).rejects.toThrow(
        /NOPERM|No permissions|can't access/,
      );
  } finally {
    forebay.disconnect();
    await operator.call('ACL', 'LOG', 'RESET');
  }
});

/** The commands that Redis has refused so far, except for setting the client's name, which is not needed. */
async function denied(): Promise<string[]> {
  const log = (await operator.call('ACL', 'LOG')) as string[][];
  return log
    .map((entry) => `${entry[entry.indexOf('reason') + 1]} ${entry[entry.indexOf('object') + 1]}`)
    .filter((entry) => !/client\|/i.test(entry));
}
