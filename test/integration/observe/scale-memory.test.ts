// What autoscaling remembers, on a real Redis.
import { expect, it } from 'vitest';
import { indexKeys } from '#forebay/shared/queue/keys.js';
import { createScaleMemory } from '#forebay/shared/queue/workers/scale-memory.js';
import { useQueueLayer } from '../../support/queue.ts';

const layer = useQueueLayer();

it('decisions of several API processes at the same time build on each other', async () => {
  const replicas = Array.from({ length: 4 }, () => createScaleMemory(layer));
  const oneMore = async (memory: (typeof replicas)[number]) =>
    memory.update('gpu', 60_000, (before) => ({ v: 1, workers: (before?.workers ?? 0) + 1, lower: null }));
  const answers = await Promise.all(replicas.map(oneMore));
  expect(answers.map(({ state }) => state.workers).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
  expect(await layer.redis.pttl(indexKeys.scaleOf('gpu'))).toBeGreaterThan(0);
});

it('a state of a newer version counts as none', async () => {
  await layer.redis.set(indexKeys.scaleOf('new'), '{"v":2,"workers":"many"}');
  const seen: unknown[] = [];
  await createScaleMemory(layer).update('new', 60_000, (before) => {
    seen.push(before);
    return { v: 1, workers: 3, lower: null };
  });
  expect(seen).toEqual([null]);
});

it('pools that nobody uses leave nothing, however many are asked for', async () => {
  const memory = createScaleMemory(layer);
  const idle = { v: 1, workers: 0, lower: null } as const;
  for (const pool of ['a', 'b', 'c'])
    expect((await memory.update(pool, 60_000, () => idle)).state).toBe(idle);
  expect(await layer.redis.keys(indexKeys.scaleOf('[abc]'))).toEqual([]);
  // A pool that had workers is told that it needs none any more.
  await memory.update('a', 60_000, () => ({ ...idle, workers: 2 }));
  await memory.update('a', 60_000, () => idle);
  expect(JSON.parse((await layer.redis.get(indexKeys.scaleOf('a')))!)).toEqual(idle);
});
