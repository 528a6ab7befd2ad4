// Which models leave a worker's lanes and which come back, by the clock, by operators' orders and by a memory budget.
import { expect, it } from 'vitest';
import { createResidency } from '#forebay/workers/residency/residency.js';
import type { GivenModelOrder } from '#forebay/shared/queue/workers/model-orders.js';
import { knownModels, type Facts } from './known-models.ts';

const MB = 1024 * 1024;

function residency(facts: Record<string, Facts>, { budget = Infinity }: { budget?: number } = {}) {
  const known = knownModels(facts);
  const world = {
    now: 0,
    inUse: new Set<string>(),
    needed: new Set<string>(),
    forbidden: new Set<string>(),
    modelOrders: new Map<string, GivenModelOrder>(),
    /** Called whenever residency asks whether blocks wait for a model. */
    onAsked: (_queue: string) => {},
  };
  const made = createResidency({
    budgetBytes: budget * MB,
    models: known.models,
    modelOrders: { all: async () => new Map(world.modelOrders) },
    standing: new Map(),
    inUse: (queue) => world.inUse.has(queue),
    async isNeeded(queue) {
      world.onAsked(queue);
      return world.needed.has(queue);
    },
    isAllowed: ({ queue }) => !world.forbidden.has(queue),
    emit: (name) => {
      throw new Error(name);
    },
    now: () => world.now,
  });
  return { ...known, world, ...made };
}

it('unloads a model after its keep_alive_s, unless a block uses it or waits for it', async () => {
  const { world, round, log } = residency({
    idle: { megabytes: 1, keepAliveS: 60 },
    used: { megabytes: 1, keepAliveS: 60 },
    needed: { megabytes: 1, keepAliveS: 60 },
    pinned: { megabytes: 1, keepAliveS: -1 },
    plain: { megabytes: 1 },
  });
  world.inUse.add('used');
  world.needed.add('needed');
  world.now = 59_999;
  await round();
  expect(log).toEqual([]);
  world.now = 60_000;
  await round();
  expect(log).toEqual(['idle: idle']);
  world.inUse.clear();
  world.now = 119_999;
  await round();
  expect(log).toEqual(['idle: idle']);
  world.now = 120_000;
  await round();
  expect(log).toEqual(['idle: idle', 'used: idle']);
});

it('keeps a model for the short time that may pass between two blocks of a job', async () => {
  const { world, round, log } = residency({ eager: { megabytes: 1, keepAliveS: 0 } });
  world.now = 1_999;
  await round();
  expect(log).toEqual([]);
  world.now = 2_000;
  await round();
  expect(log).toEqual(['eager: idle']);
});

it('keeps a model if one of its blocks was taken while residency asked for waiting blocks', async () => {
  const { world, round, log } = residency({ raced: { megabytes: 1, keepAliveS: 0 } });
  world.now = 10_000;
  world.onAsked = (queue) => world.inUse.add(queue);
  await round();
  expect(log).toEqual([]);
});

it('wakes an unloaded model for blocks whose message was lost', async () => {
  const { world, round, log } = residency({ idle: { megabytes: 1, keepAliveS: 5 } });
  world.now = 5_000;
  await round();
  world.needed.add('idle');
  await round();
  await round();
  expect(log).toEqual(['idle: idle', 'idle: wakes']);
});

it('acts only on the latest order, and only once, and unloads even a pinned model on an order', async () => {
  const { world, round, log } = residency({ pinned: { megabytes: 1, keepAliveS: -1 } });
  world.now = 10_000;
  world.modelOrders.set('pinned', { order: 'unload', id: '1' });
  await round();
  await round();
  expect(log).toEqual(['pinned: asked']);
  world.modelOrders.set('pinned', { order: 'unload', id: '2' });
  world.modelOrders.set('pinned', { order: 'load', id: '3' });
  await round();
  expect(log).toEqual(['pinned: asked', 'pinned: wakes']);
});

it('delays an order to unload until no block uses the model or waits for it', async () => {
  const { world, round, log } = residency({ busy: { megabytes: 1 } });
  world.modelOrders.set('busy', { order: 'unload', id: '1' });
  world.inUse.add('busy');
  world.now = 10_000;
  await round();
  world.inUse.clear();
  world.needed.add('busy');
  world.now = 20_000;
  await round();
  expect(log).toEqual([]);
  world.needed.clear();
  await round();
  expect(log).toEqual(['busy: asked']);
});

it('makes room by unloading the models that were used least recently, and no more than necessary', async () => {
  const { world, add, wake, log } = residency(
    {
      oldest: { megabytes: 30, lastUsed: 1 },
      pinned: { megabytes: 10, keepAliveS: -1, lastUsed: 0 },
      newest: { megabytes: 30, lastUsed: 3 },
      middle: { megabytes: 30, lastUsed: 2 },
    },
    { budget: 100 },
  );
  add('wanted', { megabytes: 50 });
  world.now = 10_000;
  await wake('wanted');
  expect(log).toEqual(['oldest: budget', 'middle: budget', 'wanted: wakes']);
});

it('does not unload a model that a block uses or waits for, and says which models hold the memory', async () => {
  const { world, add, wake, log, models } = residency(
    { used: { megabytes: 40 }, needed: { megabytes: 40 }, recent: { megabytes: 10, lastUsed: 8_001 } },
    { budget: 100 },
  );
  add('wanted', { megabytes: 50 });
  world.inUse.add('used');
  world.needed.add('needed');
  world.now = 10_000;
  await wake('wanted');
  expect(log).toEqual([]);
  expect(models.of('wanted')!.state).toMatchObject({
    is: 'unloaded',
    waitsBecause:
      'Model "wanted" waits for memory: it needs about 50.0 MB of the 100 MB for models (FOREBAY_MODELS_MB). The rest is held by models that cannot be unloaded for it now: needed, recent, used.',
  });
  world.needed.clear();
  await wake('wanted');
  expect(log).toEqual(['needed: budget', 'wanted: wakes']);
});

it('gives room to the model that has waited longest, whichever model asks first when room appears', async () => {
  const { world, add, wake, round, log } = residency({ held: { megabytes: 60 } }, { budget: 100 });
  add('early', { megabytes: 60 });
  add('late', { megabytes: 60 });
  add('first', { megabytes: 60 });
  world.now = 10_000;
  world.needed = new Set(['held', 'early', 'late', 'first']);
  for (const queue of ['first', 'early', 'late']) await wake(queue);
  world.needed.delete('held');
  await wake('late');
  expect(log).toEqual(['held: budget', 'first: wakes']);
  world.needed.delete('early');
  await round();
  expect(log).toHaveLength(2);
});

it('gives the same memory only once, and loads a model that is larger than the budget if it is alone', async () => {
  const { add, wake, log, models } = residency({}, { budget: 100 });
  add('one', { megabytes: 300 });
  add('two', { megabytes: 60 });
  await Promise.all([wake('one'), wake('two')]);
  expect(log).toEqual(['one: wakes']);
  expect(models.of('two')!.state).toMatchObject({ is: 'unloaded', waitsBecause: expect.any(String) });
});

it('retires a replaced model after 30 s without use, whether or not it has a successor', async () => {
  const { world, replace, remove, models, round, log } = residency({
    deleted: { megabytes: 1 },
    broken: { megabytes: 1 },
    old: { megabytes: 1 },
  });
  remove('deleted');
  replace('broken', 'broken-2', { megabytes: 1 });
  models.fail('broken-2');
  replace('old', 'old-2', { megabytes: 1 });
  world.now = 29_999;
  await round();
  expect(log).toEqual([]);
  world.now = 30_000;
  await round();
  expect(log).toEqual(['deleted: retired', 'broken: retired', 'old: retired']);
});

it('keeps a replaced model while a block waits for it, here or at another worker', async () => {
  const { world, remove, round, log } = residency({ one: { megabytes: 1 }, two: { megabytes: 1 } });
  remove('one');
  remove('two');
  world.needed.add('one');
  world.now = 60_000;
  // A block of the other one arrives during the check.
  world.onAsked = (queue) => {
    if (queue === 'two') world.inUse.add('two');
  };
  await round();
  expect(log).toEqual([]);
  world.onAsked = () => {};
  world.needed.clear();
  await round();
  expect(log).toEqual(['one: retired']);
});

it('retires an unused replaced version, even if its successor waits for the memory', async () => {
  const { world, replace, round, log, wake } = residency({ one: { megabytes: 80 } }, { budget: 100 });
  replace('one', 'two', { megabytes: 80 });
  world.inUse.add('one');
  world.now = 30_000;
  await wake('two');
  await round();
  world.inUse.clear();
  world.now = 59_999;
  await round();
  expect(log).toEqual([]);
  world.now = 60_000;
  world.needed.add('two');
  await round();
  expect(log).toEqual(['one: retired', 'two: wakes']);
});

it('tries a model that failed again, after longer and longer pauses, and as soon as it then fits', async () => {
  const { world, round, log, models } = residency(
    { broken: { megabytes: 60, lastUsed: 0 }, other: { megabytes: 60, lastUsed: 1e9 } },
    { budget: 100 },
  );
  models.unload('broken', 'idle');
  models.fail('broken');
  await round();
  world.now = 60_000;
  await round();
  // The other model holds the memory.
  expect(log).toEqual(['broken: idle']);
  models.unload('other', 'idle');
  log.length = 0;
  await round();
  expect(log).toEqual(['broken: wakes']);
  models.fails('broken');
  await round();
  world.now += 119_999;
  await round();
  expect(log).toEqual(['broken: wakes']);
  world.now += 1;
  await round();
  expect(log).toEqual(['broken: wakes', 'broken: wakes']);
  models.fails('broken');
  world.forbidden.add('broken');
  await round();
  world.now += 3_600_000;
  await round();
  expect(log).toHaveLength(2);
});
