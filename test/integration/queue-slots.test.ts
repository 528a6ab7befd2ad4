// The limit of a queue over all jobs (INV-3) and its fairness, on a real Redis.
import { expect, it } from 'vitest';
import { useQueueLayer } from '../support/queue.ts';

const layer = useQueueLayer();
let queue = 0;

const many = Array.from({ length: 50 }, (_, i) => i);
function fresh() {
  const name = `q${queue++}`;
  return {
    name,
    take: (id: string, blocks: readonly number[], priority = 50, limit = 8, window = 100) =>
      layer.slots.take(name, { id, priority, window }, limit, blocks),
  };
}

it('gives one job at most half of the limit', async () => {
  const { take } = fresh();
  expect(await take('a', many)).toBe(4);
  expect(await take('a', many)).toBe(4);
});

it('gives one job at most its window', async () => {
  const { take } = fresh();
  expect(await take('a', many, 50, 8, 3)).toBe(3);
});

it('never gives more than the limit beyond two a job', async () => {
  const { name, take } = fresh();
  expect(await take('a', many)).toBe(4);
  expect(await take('b', many)).toBe(4);
  expect(await take('c', many)).toBe(2);
  expect(await layer.slots.count(name)).toBe(10);
});

it('gives every job two slots even on a full queue', async () => {
  const { take } = fresh();
  for (const job of ['a', 'b', 'c', 'd', 'e', 'f']) expect(await take(job, many)).toBeGreaterThanOrEqual(2);
});

it('gives a freed place to the job that holds fewer', async () => {
  const { name, take } = fresh();
  expect(await take('a', many, 50, 12)).toBe(6);
  expect(await take('b', many, 50, 12)).toBe(6);
  expect(await take('c', many, 50, 12)).toBe(2);
  await layer.slots.release(name, 'a', [0, 1, 2, 3]);
  // a holds 2 as c does: it may have one more, the next is c's.
  expect(await take('a', [6, 7, 8], 50, 12)).toBe(1);
  expect(await take('c', many, 50, 12)).toBe(3);
});

it('lets a better priority go first', async () => {
  const { name, take } = fresh();
  await take('low', many, 50, 4);
  await take('other', many, 50, 4);
  expect(await take('high', many, 1, 4)).toBe(2);
  await layer.slots.release(name, 'low', [0, 1]);
  await layer.slots.release(name, 'other', [0, 1]);
  expect(await take('low', many.slice(2), 50, 8)).toBe(2);
  expect(await take('high', many, 1, 8)).toBe(4);
});

it('takes a place once for a block that asks twice', async () => {
  const { name, take } = fresh();
  await take('a', [0, 1]);
  await take('a', [0, 1]);
  expect(await layer.slots.held(name, 'a')).toHaveLength(2);
});

it('tells feeders that wait when a place is freed', async () => {
  const { name, take } = fresh();
  await take('a', many);
  const woken = new Promise<string>((resolve) => layer.wake.on('slots', resolve));
  await layer.slots.release(name, 'a', [0]);
  expect(await woken).toBe(name);
});
