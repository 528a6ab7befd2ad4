// The sweeper removes orders for models that no worker has had for 30 days. Every other order keeps its id.
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import { sweepModelOrders } from '#forebay/api/sweeper/sweep-model-orders.js';
import { blockQueueName, indexKeys } from '#forebay/shared/queue/keys.js';
import { createModelOrders } from '#forebay/shared/queue/workers/model-orders.js';
import { createStoredModelOrders } from '#forebay/shared/queue/workers/stored-model-orders.js';
import type { WorkerInfo } from '#forebay/shared/queue/workers/worker-registry.js';
import { MODEL, slotLimits, slotUser, useQueueLayer } from '../../support/queue.ts';

const layer = useQueueLayer();
beforeEach(async () => layer.redis.flushall());

const DAY_MS = 86_400_000;
const daysAgo = (days: number) => Date.now() - days * DAY_MS;
const orders = () => createModelOrders(layer);
const texts = async () => layer.redis.hgetall(indexKeys.modelOrders);
const queueOf = (name: string) => blockQueueName({ ...MODEL, name });
const sweep = sweepModelOrders({
  get modelOrders() {
    return createStoredModelOrders(layer);
  },
  workers: { live: async () => layer.workers.live() },
  slots: { count: async (queue) => layer.slots.count(queue) },
});
const raise = (error: unknown) => {
  throw error;
};

function worker(id: string, name: string): WorkerInfo {
  const model = { lanes: 0, batchSize: 1, problem: null, graph: null, batchInvariance: null, memory: null };
  return {
    id,
    host: 'h',
    pid: 1,
    pool: MODEL.pool,
    startedAt: 0,
    lagP99Ms: 0,
    memory: { rssBytes: 0, limitBytes: 1 },
    inflight: { usedBytes: 0, limitBytes: 1, blockedMs: 0 },
    models: [{ ref: { ...MODEL, name }, isUnloaded: true, ...model }],
  };
}

it('an order is removed if for 30 days no worker has announced its model and no block has waited', async () => {
  await layer.workers.beat(worker('w', 'announced'), false);
  await layer.slots.take(queueOf('queued'), slotUser('job'), slotLimits(4), [0]);
  const ids = Object.fromEntries(
    ['gone', 'recent', 'announced', 'queued', 'undated', 'newer'].map((name) => [name, randomUUID()]),
  );
  const recent = `unload ${ids['recent']} ${daysAgo(29)}`;
  const newer = `pin ${ids['newer']} ${daysAgo(99)}`;
  await layer.redis.hset(indexKeys.modelOrders, {
    [queueOf('gone')]: `unload ${ids['gone']} ${daysAgo(31)}`,
    [queueOf('recent')]: recent,
    [queueOf('announced')]: `unload ${ids['announced']} ${daysAgo(31)}`,
    [queueOf('queued')]: `load ${ids['queued']} ${daysAgo(31)}`,
    // Made by a version without times.
    [queueOf('undated')]: `unload ${ids['undated']}`,
    [queueOf('newer')]: newer,
  });
  expect(await sweep(raise)).toEqual({ model_orders: 1 });
  expect(await sweep(raise)).toEqual({ model_orders: 0 });
  const left = await texts();
  const names = ['recent', 'announced', 'queued', 'undated', 'newer'];
  expect(Object.keys(left).toSorted()).toEqual(names.map(queueOf).toSorted());
  expect([left[queueOf('recent')], left[queueOf('newer')]]).toEqual([recent, newer]);
  // Workers compare ids, so none of them acts on a renewed order again.
  const all = new Map(
    (await createStoredModelOrders(layer).list()).orders.map((one) => [one.queue, one.order]),
  );
  for (const name of ['announced', 'queued', 'undated']) {
    expect(all.get(queueOf(name))!.id).toBe(ids[name]);
    expect(all.get(queueOf(name))!.neededAt).toBeGreaterThan(daysAgo(1));
  }
});

it('an order that an operator gives during a sweep stays', async () => {
  const queue = queueOf('tiny');
  await layer.redis.hset(indexKeys.modelOrders, queue, `load ${randomUUID()} ${daysAgo(31)}`);
  const stored = createStoredModelOrders(layer);
  const { orders: seen, now } = await stored.list();
  await orders().give(queue, 'unload');
  const made = await texts();
  await stored.renew(seen[0]!, now);
  expect(await stored.remove(seen[0]!)).toBe(false);
  expect(await texts()).toEqual(made);
});

it('workers of older versions find and read a new order', async () => {
  await orders().give('queue', 'unload');
  const text = await layer.redis.hget('forebay:{index}:wishes', 'queue');
  expect(text).toMatch(/^unload [0-9a-f-]{36} \d{13}$/);
});
