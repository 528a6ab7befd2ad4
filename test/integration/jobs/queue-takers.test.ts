// Takers of queues, on a real Redis that refuses what BullMQ asks at its start.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import { createQueueTakers } from '#forebay/workers/intake/queue-takers.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.ts';
import { waitUntil } from '../../support/wait-until.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(async () => server.stop());

/** A user who may not ask Redis for its version, which BullMQ does first. */
const setUser = async (info: '+info' | '-info') =>
  server.operator.call('ACL', 'SETUSER', 'worker', 'on', '>only-for-this-test', '~*', '&*', '+@all', info);

async function refusedTakers() {
  await setUser('-info');
  const url = server.url.replace('unix://', 'unix://worker:only-for-this-test@');
  const redis = connectRedis(url, 'background', () => undefined);
  const errors: string[] = [];
  let opened = 0;
  const takers = createQueueTakers({
    redis,
    onMore: () => (opened += 1),
    onError: ({ message }) => errors.push(message),
  });
  takers.open('a-queue');
  await waitUntil('a refusal', () => errors.some((message) => /NOPERM/.test(message)));
  return { redis, takers, opened: () => opened };
}

it('a taker that cannot open at first opens when Redis allows it', async () => {
  const { redis, takers, opened } = await refusedTakers();
  await setUser('+info');
  await waitUntil('the taker', () => opened() === 1);
  expect(takers.all().map(({ queue }) => queue)).toEqual(['a-queue']);
  await takers.closeAll();
  expect(takers.all()).toEqual([]);
  redis.disconnect();
});

it('takers that cannot open are closed without an error', async () => {
  const { redis, takers, opened } = await refusedTakers();
  await takers.closeAll();
  expect(takers.has('a-queue')).toBe(false);
  expect(opened()).toBe(0);
  redis.disconnect();
});
