// What Redis is asked in one turn of the event loop reaches it at once.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import { createWake } from '#forebay/shared/queue/wake.js';
import { startTestRedis } from '../support/redis.ts';
import { openQueueLayer, type QueueLayer } from '../support/queue.ts';

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

async function counter(section: string, field: string): Promise<number> {
  return Number(new RegExp(`${field}[:=](\\d+)`).exec(await layer.redis.info(section))?.[1] ?? 0);
}

it('sends the commands of one turn in one write, and answers each', async () => {
  const before = await counter('stats', 'total_reads_processed');
  const answers = await Promise.all(Array.from({ length: 50 }, async (_, i) => layer.redis.echo(String(i))));
  expect(answers).toEqual(Array.from({ length: 50 }, (_, i) => String(i)));
  // One for the commands, one for the question.
  expect((await counter('stats', 'total_reads_processed')) - before).toBeLessThanOrEqual(3);
});

it('gives places back in one call for all blocks that end in one turn', async () => {
  const blocks = [0, 1, 2, 3, 4, 5];
  await layer.places.take(QUEUE, { id: 'job', priority: 50, window: 16 }, 64, blocks);
  const before = await counter('commandstats', 'cmdstat_evalsha:calls');
  const evals = await counter('commandstats', 'cmdstat_eval:calls');
  await Promise.all(blocks.map(async (block) => layer.places.release(QUEUE, 'job', [block])));
  expect(await layer.places.count(QUEUE)).toBe(0);
  const after = await counter('commandstats', 'cmdstat_evalsha:calls');
  expect(after - before + (await counter('commandstats', 'cmdstat_eval:calls')) - evals).toBe(1);
});

it('tells the ends of jobs and blocks apart: nobody is woken for what it does not listen to', async () => {
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
