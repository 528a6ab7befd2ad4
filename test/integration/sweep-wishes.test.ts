// The sweeper removes wishes of models that nobody has had for 30 days. Every other wish stays the same wish.
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import { sweepWishes } from '#forebay/api/sweeper/sweep-wishes.js';
import { blockQueueName, indexKeys } from '#forebay/shared/queue/keys.js';
import { createModelWishes } from '#forebay/shared/queue/workers/model-wishes.js';
import { createStoredWishes } from '#forebay/shared/queue/workers/stored-wishes.js';
import type { WorkerInfo } from '#forebay/shared/queue/workers/worker-registry.js';
import { MODEL, slotLimits, slotUser, useQueueLayer } from '../support/queue.ts';

const layer = useQueueLayer();
beforeEach(async () => layer.redis.flushall());

const DAY_MS = 86_400_000;
const daysAgo = (days: number) => Date.now() - days * DAY_MS;
const wishes = () => createModelWishes(layer);
const texts = async () => layer.redis.hgetall(indexKeys.wishes);
const queueOf = (name: string) => blockQueueName({ ...MODEL, name });
const sweep = sweepWishes({
  get wishes() {
    return createStoredWishes(layer);
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

it('a wish is removed if for 30 days no worker has announced its model and no block has waited', async () => {
  await layer.workers.beat(worker('w', 'announced'), false);
  await layer.slots.take(queueOf('queued'), slotUser('job'), slotLimits(4), [0]);
  const ids = Object.fromEntries(
    ['gone', 'recent', 'announced', 'queued', 'undated', 'newer'].map((name) => [name, randomUUID()]),
  );
  const recent = `unload ${ids['recent']} ${daysAgo(29)}`;
  const newer = `pin ${ids['newer']} ${daysAgo(99)}`;
  await layer.redis.hset(indexKeys.wishes, {
    [queueOf('gone')]: `unload ${ids['gone']} ${daysAgo(31)}`,
    [queueOf('recent')]: recent,
    [queueOf('announced')]: `unload ${ids['announced']} ${daysAgo(31)}`,
    [queueOf('queued')]: `load ${ids['queued']} ${daysAgo(31)}`,
    // Made by a version without times.
    [queueOf('undated')]: `unload ${ids['undated']}`,
    [queueOf('newer')]: newer,
  });
  expect(await sweep(raise)).toEqual({ wishes: 1 });
  expect(await sweep(raise)).toEqual({ wishes: 0 });
  const left = await texts();
  const names = ['recent', 'announced', 'queued', 'undated', 'newer'];
  expect(Object.keys(left).toSorted()).toEqual(names.map(queueOf).toSorted());
  expect([left[queueOf('recent')], left[queueOf('newer')]]).toEqual([recent, newer]);
  // Workers compare ids, so none of them acts on a renewed wish again.
  const all = new Map((await createStoredWishes(layer).list()).wishes.map((one) => [one.queue, one.wish]));
  for (const name of ['announced', 'queued', 'undated']) {
    expect(all.get(queueOf(name))!.id).toBe(ids[name]);
    expect(all.get(queueOf(name))!.neededAt).toBeGreaterThan(daysAgo(1));
  }
});

it('a wish that an operator makes during a sweep stays', async () => {
  const queue = queueOf('tiny');
  await layer.redis.hset(indexKeys.wishes, queue, `load ${randomUUID()} ${daysAgo(31)}`);
  const stored = createStoredWishes(layer);
  const { wishes: seen, now } = await stored.list();
  await wishes().make(queue, 'unload');
  const made = await texts();
  await stored.renew(seen[0]!, now);
  expect(await stored.remove(seen[0]!)).toBe(false);
  expect(await texts()).toEqual(made);
});

it('workers of older versions can read a new wish', async () => {
  await wishes().make('queue', 'unload');
  expect((await texts())['queue']).toMatch(/^unload [0-9a-f-]{36} \d{13}$/);
});
