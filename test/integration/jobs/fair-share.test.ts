// How jobs share a queue by tenant, then by job, within a priority (ADR 39). On a real Redis, with a queue that is
// served in its order, as BullMQ does.
import { expect, it } from 'vitest';
import { createBlockTaker } from '#forebay/shared/queue/blocks/block-taker.js';
import { queueKeys } from '#forebay/shared/queue/keys.js';
import { createQueueSlots, type SlotUser } from '#forebay/shared/queue/blocks/queue-slots.js';
import { slotUser, useQueueLayer } from '../../support/queue.ts';

const layer = useQueueLayer();
/** Longer than the tests take on a busy machine. Otherwise jobs would get slots out of turn, or seem to want none. */
const LONG_MS = 600_000;
const slots = () =>
  createQueueSlots({ redis: layer.redis, run: layer.run, requestMs: LONG_MS, patienceMs: LONG_MS });
const LIMITS = { queue: 64, feed: 8 };
let queues = 0;

/** Jobs with more rows than any test serves, whose blocks wait in one queue. */
function line() {
  const name = `line${queues++}`;
  const waiting = `${name}:waiting`;
  let added = 0;
  const jobs = new Map<
    string,
    { user: SlotUser; next: number; held: number; rows: number; waitsFor: unknown }
  >();

  /** Asks as a feeder does: for all blocks in the job's window that have no slot. */
  async function ask(id: string) {
    const job = jobs.get(id)!;
    const { user, next, held } = job;
    const blocks = Array.from({ length: user.window - held }, (_, i) => next + i);
    const { granted, waitsFor, ahead } = await slots().take(name, user, LIMITS, blocks);
    const members = blocks.slice(0, granted).map((block) => `${id}-${block}`);
    for (const member of members) {
      await layer.redis.zadd(waiting, user.priority * 2 ** 32 + ++added, member);
    }
    const places = members.flatMap((member, i) => (ahead[i]! > 0 ? [member, 1000 * ahead[i]!] : []));
    if (places.length > 0) await layer.run('place-blocks', [waiting], [user.priority, ...places]);
    job.next += granted;
    job.held += granted;
    job.waitsFor = waitsFor;
  }

  /** Takes the blocks that come first, like a worker. */
  async function take(count: number) {
    const members = await layer.redis.zpopmin(waiting, count);
    // Each is followed by its score.
    return members.filter((_, i) => i % 2 === 0);
  }

  /** Ends the block that comes first, or one that was taken before. Returns its job. */
  async function serveOne(taken?: string) {
    const [id, block] = (taken ?? (await take(1))[0]!).split('-') as [string, string];
    await slots().release(name, id, [Number(block)]);
    const served = jobs.get(id)!;
    served.held -= 1;
    served.rows += served.user.rowsPerBlock;
    return served;
  }

  /** The job whose block was served asks for slots, and so do the jobs that wait. */
  async function askAfter(served: unknown) {
    for (const [id, other] of jobs) if (other === served || other.waitsFor !== null) await ask(id);
  }

  return {
    keys: queueKeys(name),
    join: async (...users: SlotUser[]) => {
      for (const user of users) {
        jobs.set(user.id, { user, next: 0, held: 0, rows: 0, waitsFor: null });
        await ask(user.id);
      }
    },
    ask,
    serveOne,
    /** Serves blocks until this many rows are served. After each, its job and those that wait ask again. */
    serve: async (rows: number, eachTime?: () => void) => {
      for (let left = rows; left > 0;) {
        const served = await serveOne();
        left -= served.user.rowsPerBlock;
        eachTime?.();
        await askAfter(served);
      }
    },
    take,
    finish: async (blocks: readonly string[]) => {
      for (const block of blocks) await askAfter(await serveOne(block));
    },
    leave: async (id: string) => {
      await slots().withdraw(name, id);
      jobs.delete(id);
    },
    rows: (id: string) => jobs.get(id)!.rows,
    held: (id: string) => jobs.get(id)!.held,
    waitsFor: (id: string) => jobs.get(id)!.waitsFor,
    heldInAll: async () => layer.redis.zcard(waiting),
  };
}

/** Like all jobs with more rows than their window. */
const job = (id: string, change: Partial<SlotUser> = {}) => slotUser(id, { isFull: true, ...change });

it('ten jobs of one tenant and one job of another get a half each', async () => {
  const { join, serve, rows } = line();
  const many = Array.from({ length: 10 }, (_, i) => job(`a${i}`, { tenant: 'a' }));
  await join(...many);
  // All slots are theirs at first.
  await serve(200);
  await join(job('b', { tenant: 'b' }));
  await serve(1000);
  expect(rows('b') / 1000).toBeCloseTo(0.5, 1);
  const each = many.map(({ id }) => rows(id));
  // A job may be one refill, four blocks, ahead of another. The rest is for blocks on their way.
  expect(Math.max(...each) - Math.min(...each)).toBeLessThan(8 * 4);
});

it('jobs with blocks of different size get the same number of rows', async () => {
  const { join, serve, rows } = line();
  await join(job('large', { rowsPerBlock: 64 }), job('small'));
  // All blocks of the first window are large: 1,024 rows. The small ones catch up.
  await serve(2600);
  expect(Math.abs(rows('large') - rows('small'))).toBeLessThan(3 * 64);
});

it.each([
  { a: 16, b: 16, most: 5, blocks: 40 },
  { a: 32, b: 8, most: 7, blocks: 50 },
  { a: 8, b: 32, most: 2, blocks: 20, tenant: 'other' },
])(
  'a job with blocks of $b rows that joins one with $a rows is never more than $most large blocks behind or ahead',
  async ({ a, b, most, blocks, tenant = 'default' }) => {
    const { join, serve, rows } = line();
    await join(job('first', { rowsPerBlock: a }));
    await serve(3 * a);
    await join(job('next', { rowsPerBlock: b, tenant }));
    const [large, small] = [Math.max(a, b), Math.min(a, b)];
    const before = rows('first');
    const leads: number[] = [];
    await serve(blocks * large, () => leads.push(rows('first') - before - rows('next')));
    // The first job has sixteen blocks on the queue when the next one joins.
    expect(Math.max(...leads.map(Math.abs))).toBeLessThanOrEqual(most * large);
    // Later, one of them may be ahead by a refill of the smaller one, plus one block.
    const later = leads.slice(-leads.length / 4).map(Math.abs);
    expect(Math.max(...later)).toBeLessThanOrEqual(4 * small + large);
  },
);

it('blocks on the queue are served, however many small jobs join', async () => {
  const { join, leave, serveOne, rows } = line();
  await join(job('old'));
  for (let i = 0; i < 4; i++) await join(slotUser(`small${i}`, { window: 1 }));
  let small = 4;
  while (rows('old') < 16 * 4) {
    const { user } = await serveOne();
    if (user.id === 'old') continue;
    await leave(user.id);
    await join(slotUser(`small${small++}`, { window: 1 }));
  }
  expect(small).toBeLessThan(4 * 16);
});

it('blocks that go ahead are taken earlier from the queue, and stay within their priority', async () => {
  const name = `line${queues++}`;
  const add = async (id: string, priority: number, ahead: readonly number[]) =>
    layer.queues.add(
      name,
      id,
      priority,
      ahead.map((part, block) => ({ block, generation: 1, firstRow: 0, rows: 1, ahead: part })),
    );
  await add('a', 50, [0, 0, 0, 0]);
  await add('urgent', 49, [0]);
  await add('b', 50, [1, 0.5, 0]);
  await add('c', 51, [1]);
  const taker = await createBlockTaker({ redis: layer.redis, queue: name, onError: () => undefined });
  const taken: string[] = [];
  for (let block; (block = await taker.take());) {
    taken.push(`${block.data.job}${block.data.block}`);
    await block.complete();
  }
  await taker.close();
  expect(taken.join(' ')).toBe('urgent0 a0 a1 b0 a2 b1 a3 b2 c0');
});

it('a job that needs less than its share leaves the rest to the others', async () => {
  const { join, serve, rows, heldInAll } = line();
  await join(job('busy', { tenant: 'a' }), slotUser('slow', { tenant: 'b', window: 1 }));
  await serve(800);
  // One block of the other is always on the queue, where it may go ahead of all but one of the sixteen of this job.
  expect(rows('busy')).toBeGreaterThan(500);
  expect(await heldInAll()).toBe(17);
});

it('a job that asks for nothing any more holds nobody back', async () => {
  const { join, ask, leave, held, waitsFor } = line();
  await join(job('gone'), job('rest', { rowsPerBlock: 64 }));
  expect([held('rest'), waitsFor('rest')]).toEqual([2, 'share']);
  await leave('gone');
  await ask('rest');
  expect([held('rest'), waitsFor('rest')]).toEqual([16, null]);
});

it('a job without a slot gets one after a while, even if the job that it waits for makes no progress', async () => {
  const { keys, join, ask, held, waitsFor } = line();
  await join(job('stuck'), job('other'));
  await layer.redis.srem(keys.slots, ...Array.from({ length: 16 }, (_, block) => `other/${block}`));
  const own = ['default', 50, 4, 16];
  const asks = async (at: number) => {
    await layer.redis.hset(keys.shares, 'next', [...own, Date.now() + 60_000, at, 1000].join(' '));
    await join(job('next'));
  };
  await asks(Date.now() + 60_000);
  expect([held('next'), waitsFor('next')]).toEqual([0, 'share']);
  await asks(0);
  expect([held('next'), waitsFor('next')]).toEqual([1, 'share']);
  await ask('next');
  expect(held('next')).toBe(1);
});

it('a job with a better priority gets slots at once, and says that it goes first', async () => {
  const { join, take, finish, held, waitsFor } = line();
  const huge = Array.from({ length: 6 }, (_, i) => job(`huge${i}`));
  await join(...huge);
  const inHand = await take(24);
  await join(job('urgent', { priority: 1, window: 32 }));
  // The queue is full, so it gets the two slots that every job may hold.
  expect(held('urgent')).toBe(2);
  await finish(inHand);
  expect(held('urgent')).toBeGreaterThanOrEqual(14);
  expect(huge.map(({ id }) => waitsFor(id))).toContain('priority');
  const { outranks } = await slots().take('other', job('first', { priority: 50 }), LIMITS, [0]);
  expect(outranks).toBe(false);
  expect((await slots().take('other', job('next', { priority: 49 }), LIMITS, [0])).outranks).toBe(true);
});

it('a job of an older version shares by the slots that it holds', async () => {
  const { keys, join, held } = line();
  const old = Array.from({ length: 32 }, (_, i) => `old/${i}`);
  await layer.redis.sadd(keys.slots, ...old);
  await layer.redis.hset(keys.feeders, 'old', `50:${Date.now() + 60_000}`);
  await join(job('new', { window: 40 }));
  expect(held('new')).toBe(32);
  // The older version can read this version's requests.
  expect(await layer.redis.hget(keys.feeders, 'new')).toMatch(/^50:\d+$/);
});

it('nothing remains of jobs that use the queue no more', async () => {
  const { keys, join, leave } = line();
  await join(job('a', { tenant: 'a', window: 2 }), job('b', { tenant: 'b', window: 2 }));
  await layer.redis.del(keys.slots);
  await leave('a');
  await join(slotUser('c', { tenant: 'c' }));
  expect(Object.keys(await layer.redis.hgetall(keys.shares)).toSorted()).toEqual(['50 b', '50 c', 'b', 'c']);
  expect(await layer.redis.pttl(keys.shares)).toBeGreaterThan(0);
});
