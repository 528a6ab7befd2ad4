// The limit of a queue across all jobs (INV-3), and how fairly the jobs share it, on a real Redis.
import { expect, it } from 'vitest';
import { queueKeys } from '#forebay/shared/queue/keys.js';
import { createRandom } from '../../support/random.ts';
import { slotLimits, slotUser, useQueueLayer } from '../../support/queue.ts';
import { waitUntil } from '../../support/wait-until.ts';

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

/** Jobs of three tenants on a full queue. Each holds some slots and waits for more. */
async function crowd(jobs: number) {
  const name = `q${queue++}`;
  const users = Array.from({ length: jobs }, (_, i) =>
    slotUser(`job${i}`, { tenant: `t${i % 3}`, rowsPerBlock: 1 + (i % 4), isFull: true }),
  );
  const limits = { queue: 3 * jobs, feed: 2 };
  const ask = async (i: number, blocks: readonly number[]) =>
    layer.slots.take(name, users[i]!, limits, blocks);
  for (const i of users.keys()) await ask(i, many);
  return { name, ids: users.map(({ id }) => id), keys: queueKeys(name), ask };
}

it('a free slot on a queue with many jobs wakes only those that come next', async () => {
  const { name, ids, keys } = await crowd(20);
  const woken: string[] = [];
  const off = [layer.wake.on('turn', (id) => woken.push(id)), layer.wake.on('slots', (q) => woken.push(q))];
  // A job below its two slots takes one at any time.
  await layer.slots.release(name, ids[9]!, [0]);
  await waitUntil('a wake-up', () => woken.length > 0);
  expect(woken).toEqual([ids[9]]);
  // Otherwise there must be room. Those that were served least come next, however many slots are free.
  await layer.slots.release(name, ids[0]!, many);
  await waitUntil('more wake-ups', () => woken.length > 8);
  expect(woken[1]).toBe(ids[0]);
  const shares = await layer.redis.hgetall(keys.shares);
  const served = (id: string) => Number(shares[id]!.split(' ')[6]);
  const tenantServed = (id: string) => Number(shares[`50 ${shares[id]!.split(' ')[0]}`]);
  const first = ids.toSorted((a, b) => tenantServed(a) - tenantServed(b) || served(a) - served(b));
  expect(woken.slice(2).map(served)).toEqual(first.slice(0, 7).map(served));
  for (const end of off) end();
});

it('a request for slots costs the same with two hundred jobs as with twenty', async () => {
  const calls = async () =>
    [...(await layer.redis.info('commandstats')).matchAll(/:calls=(\d+)/g)].reduce(
      (n, [, c]) => n + Number(c),
      0,
    );
  const costOf = async (jobs: number) => {
    const { ask } = await crowd(jobs);
    const costs: number[] = [];
    // Once per second, a request also computes the numbers again.
    for (let i = 0; i < 6; i++) {
      const before = await calls();
      await ask(jobs - 1, many);
      costs.push((await calls()) - before);
    }
    return Math.min(...costs);
  };
  // How many others there are to compare with differs a little.
  expect(await costOf(200)).toBeLessThan(1.2 * (await costOf(20)));
});

it('numbers that are kept up to date are those that counting gives', async () => {
  const { name, ids, keys, ask } = await crowd(9);
  const random = createRandom(7);
  for (let step = 0; step < 120; step++) {
    const i = random.int(0, ids.length - 1);
    const blocks = [0, 1, 2, 3, 4, 5].filter(() => random.next() < 0.5);
    if (random.next() < 0.1) await layer.slots.withdraw(name, ids[i]!);
    else if (random.next() < 0.5) await layer.slots.release(name, ids[i]!, blocks);
    else await ask(i, blocks);
  }
  const numbers = async () => {
    await ask(0, []);
    const tallies = Object.entries(await layer.redis.hgetall(keys.tallies));
    return {
      turns: await layer.redis.zrange(keys.turns, '0', '-1'),
      tallies: Object.fromEntries(tallies.filter(([field, n]) => field !== ':at' && n !== '0')),
    };
  };
  const kept = await numbers();
  await layer.redis.hset(keys.tallies, ':at', 0);
  expect(kept).toEqual(await numbers());
});
