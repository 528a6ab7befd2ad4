// Which Redis the names of keys are chosen for, if flags and environment differ.
import { expect, it } from 'vitest';
import { settleRedis } from '#forebay/cli/settle-redis.js';

const settled = (...argv: string[]) => {
  const env = { REDIS_URL: 'redis+cluster://nodes' };
  settleRedis(argv, env);
  return env.REDIS_URL;
};

it('a Redis of the command line counts, and for keys the private one of a data folder', () => {
  expect(settled('worker', '--pool', 'gpu', '--redis-url', 'redis://one')).toBe('redis://one');
  expect(settled('keys', 'list', '--data', 'd', '--redis-url=redis://one')).toBe('redis://one');
  expect(settled('keys', 'list', '--data', 'd')).toBeUndefined();
  expect(settled('up', '--data', 'd')).toBe('redis+cluster://nodes');
  expect(settled('worker', '--redis-url')).toBe('redis+cluster://nodes');
});
