// The limit of a queue across all jobs (INV-3), and how fairly the jobs share it, on a real Redis.
import { expect, it } from 'vitest';
import { slotLimits, slotUser, useQueueLayer } from '../support/queue.ts';

const layer = useQueueLayer();
let queue = 0;

const many = Array.from({ length: 50 }, (_, i) => i);
function fresh() {
  const name = `q${queue++}`;
  return {
    name,
    take: async (id: string, blocks: readonly number[], priority = 50, limit = 8, window = 100) =>
      (await layer.slots.take(name, slotUser(id, { priority, window }), slotLimits(limit), blocks)).granted,
  };
}

it('one job gets at most half of the limit', async () => {
  const { take } = fresh();
  expect(await take('a', many)).toBe(4);
  expect(await take('a', many)).toBe(4);
});

it('one job gets at most as many slots as its window has blocks', async () => {
  const { take } = fresh();
  expect(await take('a', many, 50, 8, 3)).toBe(3);
});

it('a queue exceeds its limit by at most two slots per job', async () => {
  const { name, take } = fresh();
  expect(await take('a', many)).toBe(4);
  expect(await take('b', many)).toBe(4);
  expect(await take('c', many)).toBe(2);
  expect(await layer.slots.count(name)).toBe(10);
});

it('every job gets two slots even on a full queue', async () => {
  const { take } = fresh();
  for (const job of ['a', 'b', 'c', 'd', 'e', 'f']) expect(await take(job, many)).toBeGreaterThanOrEqual(2);
});

it('a free slot goes to the job that holds fewer slots', async () => {
  const { name, take } = fresh();
  expect(await take('a', many, 50, 12)).toBe(6);
  expect(await take('b', many, 50, 12)).toBe(6);
  expect(await take('c', many, 50, 12)).toBe(2);
  await layer.slots.release(name, 'a', [0, 1, 2, 3]);
  // Now a and c both hold 2 slots. So a gets one more, and c gets the next.
  expect(await take('a', [6, 7, 8], 50, 12)).toBe(1);
  expect(await take('c', many, 50, 12)).toBe(3);
});

it('a job with a better priority gets more of the free slots', async () => {
  const { name, take } = fresh();
  await take('low', many, 50, 4);
  await take('other', many, 50, 4);
  expect(await take('high', many, 1, 4)).toBe(2);
  await layer.slots.release(name, 'low', [0, 1]);
  await layer.slots.release(name, 'other', [0, 1]);
  expect(await take('low', many.slice(2), 50, 8)).toBe(2);
  expect(await take('high', many, 1, 8)).toBe(4);
});

it('a block that asks twice takes one slot', async () => {
  const { name, take } = fresh();
  await take('a', [0, 1]);
  await take('a', [0, 1]);
  expect(await layer.slots.held(name, 'a')).toHaveLength(2);
});

it('waiting feeders are notified when a slot is free', async () => {
  const { name, take } = fresh();
  await take('a', many);
  const woken = new Promise<string>((resolve) => layer.wake.on('slots', resolve));
  await layer.slots.release(name, 'a', [0]);
  expect(await woken).toBe(name);
});
