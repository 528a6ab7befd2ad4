// Tests cannot start Redis servers of other versions, so the check reads the INFO text that such servers would send.
import { expect, it } from 'vitest';
import { checkRedis } from '#forebay/shared/redis/check-redis.js';

const saying = (...lines: string[]) => ({ info: () => Promise.resolve(lines.join('\r\n')) });
const GOOD = ['# Memory', 'maxmemory:0', 'maxmemory_policy:noeviction', 'aof_enabled:1'];

it('accepts a current Redis that keeps its keys', async () => {
  const report = await checkRedis(saying('redis_version:7.0.15', ...GOOD));
  expect(report).toEqual({ version: '7.0.15', warnings: [] });
});

it('accepts an evicting policy without a memory limit, which never evicts', async () => {
  const info = saying('redis_version:7.2.4', 'maxmemory:0', 'maxmemory_policy:allkeys-lru', 'aof_enabled:1');
  expect((await checkRedis(info)).warnings).toEqual([]);
});

it('warns of a Redis older than 6.2', async () => {
  expect((await checkRedis(saying('redis_version:6.0.16', ...GOOD))).warnings).toEqual([
    expect.stringContaining('6.0.16 is older than 6.2'),
  ]);
});
