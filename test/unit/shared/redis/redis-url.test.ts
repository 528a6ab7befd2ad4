import { describe, expect, it } from 'vitest';
import { redactRedisUrl, redisOptions } from '#forebay/shared/redis/redis-url.js';

describe('a Redis address', () => {
  it.each([
    ['redis://localhost', { host: 'localhost', port: 6379, db: 0 }],
    ['redis://10.0.0.1:7000/3', { host: '10.0.0.1', port: 7000, db: 3 }],
    ['redis://:p%40ss@h', { host: 'h', port: 6379, db: 0, password: 'p@ss' }],
    ['redis://me:pw@[::1]:1/2', { host: '::1', port: 1, db: 2, username: 'me', password: 'pw' }],
    ['redis://h?db=4', { host: 'h', port: 6379, db: 4 }],
    ['rediss://h:6380', { host: 'h', port: 6380, db: 0, tls: { servername: 'h' } }],
    ['rediss://[::1]', { host: '::1', port: 6379, db: 0, tls: {} }],
    ['unix:///run/redis.sock', { path: '/run/redis.sock', db: 0 }],
    ['unix:///a%20b/r.sock?db=5', { path: '/a b/r.sock', db: 5 }],
    ['unix://:pw@/r.sock', { path: '/r.sock', db: 0, password: 'pw' }],
    ['unix://me:pw@/r.sock', { path: '/r.sock', db: 0, username: 'me', password: 'pw' }],
  ])('%s is read into connection options', (url, options) => {
    expect(redisOptions(url)).toEqual(options);
  });

  it.each(['', 'localhost:6379', 'http://h', 'unix:relative', 'unix://', 'redis://h/x', 'redis://:%zz@h'])(
    '"%s" is refused with the forms that are known',
    (url) => {
      expect(() => redisOptions(url)).toThrow(
        expect.objectContaining({
          code: 'config_invalid',
          message: expect.stringContaining('unix:///path') as string,
        }),
      );
    },
  );

  it('never shows its password', () => {
    expect(() => redisOptions('redis://me:secret@h/x')).not.toThrow(/secret/);
    expect(redactRedisUrl('redis://me:secret@h/1')).toBe('redis://me:***@h/1');
    expect(redactRedisUrl('unix://:secret@/r.sock')).toBe('unix://:***@/r.sock');
    expect(redactRedisUrl('unix:///r.sock')).toBe('unix:///r.sock');
    expect(redactRedisUrl('REDIS://me:sec:re@t@h/1')).toBe('REDIS://me:***@h/1');
    expect(redactRedisUrl('unix://:se?c#ret@/r.sock')).toBe('unix://:***@/r.sock');
    expect(redactRedisUrl('redis://h:6379/1')).toBe('redis://h:6379/1');
  });
});
