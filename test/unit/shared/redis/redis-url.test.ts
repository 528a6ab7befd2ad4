import fc from 'fast-check';
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
  ])('%s becomes connection options', (url, options) => {
    expect(redisOptions(url)).toEqual(options);
  });

  it.each(['', 'localhost:6379', 'http://h', 'unix:relative', 'unix://', 'redis://h/x', 'redis://:%zz@h'])(
    '"%s" is refused with a list of the known forms',
    (url) => {
      expect(() => redisOptions(url)).toThrow(
        expect.objectContaining({
          code: 'config_invalid',
          message: expect.stringContaining('unix:///path') as string,
        }),
      );
    },
  );

  it('may name Sentinels, and what they call the primary', () => {
    const url = 'rediss+sentinel://me:p%40ss@a,[::1]:7000/mymaster/2?sentinel_user=s&sentinel_password=x%2Fy';
    expect(redisOptions(url)).toMatchObject({
      sentinels: [
        { host: 'a', port: 26_379 },
        { host: '::1', port: 7000 },
      ],
      name: 'mymaster',
      db: 2,
      username: 'me',
      password: 'p@ss',
      sentinelUsername: 's',
      sentinelPassword: 'x/y',
      enableTLSForSentinelMode: true,
    });
    expect(redactRedisUrl(url)).toBe('rediss+sentinel://me:***@a:26379,[::1]:7000/mymaster/2');
  });

  it.each([
    ['redis+sentinel://h', /does not name the primary/],
    ['redis+sentinel://h:x/m', /one of its servers/],
    ['redis+sentinel://h,/m', /one of its servers/],
    ['redis+sentinel://h:65536/m', /one of its servers/],
    ['redis+cluster://h/1', /no databases/],
    // Every key of this process would have another name than in the processes that read the environment.
    ['redis+cluster://h', /named in the environment/],
  ])('%s is refused with the reason', (url, reason) => {
    expect(() => redisOptions(url)).toThrow(reason);
  });

  it('never shows its password', () => {
    expect(() => redisOptions('redis://me:secret@h/x')).not.toThrow(/secret/);
    expect(redactRedisUrl('redis://me:secret@h/1')).toBe('redis://me:***@h:6379/1');
    expect(redactRedisUrl('unix://:secret@/r.sock')).toBe('unix://:***@/r.sock');
    expect(redactRedisUrl('unix:///r.sock?db=2')).toBe('unix:///r.sock?db=2');
    expect(redactRedisUrl('REDISS://me:sec:re@t@[::1]/1')).toBe('rediss://me:***@[::1]:6379/1');
    expect(redactRedisUrl('unix://:se?c#ret@/r.sock')).toBe('unix://:***@/r.sock');
    expect(redactRedisUrl('unix://:se/ret@/r.sock')).toBe('unix://***');
    expect(redactRedisUrl('redis://h:6379/1')).toBe('redis://h:6379/1');
    expect(redactRedisUrl('me:secret@h')).toBe('***');
  });

  it.each([
    'redis://:a/b@h',
    'redis://me:12/34@h',
    'redis://me:1?x@h',
    'redis://me:1#x@h',
    'redis://:5%@h',
    'unix://:a/b@/r',
  ])('with a raw password that needs encoding is refused, with advice: %s', (url) => {
    expect(() => redisOptions(url)).toThrow(/percent-encoded: %40 %2F %23 %25 %3A %3F/);
  });

  it('never shows a part of a password, raw or encoded, in any form and position', () => {
    const special = fc.string({
      unit: fc.constantFrom(...'@/#%:?&=[]\\ a1'.split('')),
      minLength: 1,
      maxLength: 12,
    });
    // The marks zq, QZ and xj are in no other word of a message.
    const passwords = fc.tuple(special, fc.string({ maxLength: 6 })).map(([a, b]) => `zq${a}QZ${b}xj`);
    const shapes = fc.constantFrom<(p: string) => string>(
      (p) => `redis://me:${p}@h:7000/1`,
      (p) => `redis://:${p}@h`,
      (p) => `rediss://:${p}@[::1]`,
      (p) => `redis://me:12/${p}@h`,
      (p) => `redis://h?password=${p}`,
      (p) => `redis://h/1?db=${p}`,
      (p) => `redis://h/${p}`,
      (p) => `unix://me:${p}@/run/r.sock`,
      (p) => `unix:///run/r.sock?password=${p}`,
      (p) => `unix:///run/r.sock?db=${p}`,
      (p) => `redis+sentinel://me:${p}@h,i:1/mymaster`,
      (p) => `redis+sentinel://me:12/${p}@h/mymaster`,
      (p) => `redis+sentinel://h/mymaster?sentinel_password=${p}`,
      (p) => `rediss+cluster://:${p}@h,[::1]:7000`,
      (p) => `me:${p}@h:6379`,
      (p) => p,
    );
    fc.assert(
      fc.property(passwords, shapes, fc.boolean(), (password, shape, encoded) => {
        const url = shape(encoded ? encodeURIComponent(password) : password);
        const said = [redactRedisUrl(url)];
        try {
          redisOptions(url);
        } catch (error) {
          said.push((error as Error).message);
        }
        for (const text of said) expect(text).not.toMatch(/zq|QZ|xj/i);
      }),
      {
        numRuns: 2000,
        examples: [
          ['zq@/QZxj', (p) => `unix://me:${p}@/run/r.sock`, false],
          ['zq@/QZ?xj', (p) => `unix://me:${p}@/run/r.sock`, false],
        ],
      },
    );
  });

  it('becomes the original password if the password is encoded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (password) => {
        const encoded = encodeURIComponent(password);
        expect(redisOptions(`redis://me:${encoded}@h`).password).toBe(password);
        expect(redisOptions(`unix://me:${encoded}@/r.sock`).password).toBe(password);
      }),
    );
  });
});
