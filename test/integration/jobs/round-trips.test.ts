// Redis calls of one turn of the event loop are sent together.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import { createWake } from '#forebay/shared/queue/wake.js';
import { startTestRedis } from '../../support/redis.ts';
import { scriptsRun } from '../../support/redis-counters.ts';
import {
  makeSpec,
  openQueueLayer,
  rowsOf,
  slotLimits,
  slotUser,
  type QueueLayer,
} from '../../support/queue.ts';

const raise = (error: Error) => {
  throw error;
};
const QUEUE = 'default.tiny.abababababab';

let server: Awaited<ReturnType<typeof startTestRedis>>;
let layer: QueueLayer;
beforeAll(async () => {
  server = await startTestRedis();
  layer = await openQueueLayer(server.url);
});
afterAll(async () => {
  await layer.close();
  await server.stop();
});

/** How many scripts `act` runs. */
async function scriptsOf(act: () => Promise<unknown>): Promise<number> {
  const before = await scriptsRun(layer.redis);
  await act();
  return (await scriptsRun(layer.redis)) - before;
}

it('blocks that end in one turn give their slots back in one call', async () => {
  const blocks = [0, 1, 2, 3, 4, 5];
  await layer.slots.take(QUEUE, slotUser('job'), slotLimits(64), blocks);
  const release = async () =>
    Promise.all(blocks.map(async (block) => layer.slots.release(QUEUE, 'job', [block])));
  expect(await scriptsOf(release)).toBe(1);
  expect(await layer.slots.count(QUEUE)).toBe(0);
});

it('blocks of one turn are begun and committed in one call per 64 blocks', async () => {
  const spec = makeSpec();
  await layer.make(spec, 100);
  await layer.window.holdLease(spec.id, 'lease', 10_000);
  await layer.jobs.transition(spec.id, 'running');
  const blocks = Array.from({ length: 100 }, (_, block) => block);
  await layer.window.reserve(
    spec.id,
    'lease',
    blocks.map((block) => ({ block, rows: rowsOf(block, 1) })),
    { index: 100, at: 'end' },
  );
  await layer.window.nextGeneration(spec.id, 'lease', blocks);
  const begin = async () =>
    Promise.all(blocks.map(async (block) => layer.window.beginRun(spec.id, block, 1, `run-${block}`)));
  expect(await scriptsOf(begin)).toBe(2);
  const counts = { succeeded: 1, failed: 0 };
  const commit = async () =>
    Promise.all(
      blocks.map(async (block) =>
        layer.window.commit(spec.id, block, `run-${block}`, counts, { rows_computed: 1 }),
      ),
    );
  expect(await scriptsOf(commit)).toBe(2);
  expect((await layer.jobs.mustGet(spec.id)).succeeded).toBe(100);
});

it('a listener is woken only for the kinds that it listens to', async () => {
  const heard: string[] = [];
  const wake = await createWake(connectRedis(server.url, 'background', raise), ['queue', 'workers']);
  wake.on('queue', (name) => heard.push(name));
  const done = new Promise<void>((resolve) => void wake.on('workers', () => resolve()));
  expect(() => wake.on('job', () => undefined)).toThrow('kind job');
  await layer.redis.publish('forebay:wake:job', 'a-job');
  await layer.redis.publish('forebay:wake:queue', QUEUE);
  await layer.redis.publish('forebay:wake:workers', '');
  await done;
  expect(heard).toEqual([QUEUE]);
  await wake.close();
});
