import { describe, expect, it } from 'vitest';
import { isLoopback, needsKeys, type AuthSetting } from '#forebay/api/http/middleware/auth-mode.js';
import { createHostCheck } from '#forebay/shared/net/check-host.js';
import { createRateLimit } from '#forebay/api/http/middleware/rate-limit.js';
import { allows } from '#forebay/shared/domain/scope.js';
import type { KeysState } from '#forebay/shared/keys/key-store.js';
import { TENANT } from '#forebay/shared/domain/tenant.js';
import { JOB_SPEC } from '#forebay/shared/domain/job/job.js';
import { makeSpec } from '../../../support/queue.ts';

const decide = (setting: AuthSetting, host: string, keys: KeysState) =>
  needsKeys({ setting, host, keysState: async () => keys });

describe('the check whether requests need a key', () => {
  it.each(['127.0.0.1', '127.8.8.8', 'localhost', '::1', '::ffff:127.0.0.1'])(
    'counts %s as loopback',
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );

  it.each([
    '0.0.0.0',
    '::',
    '',
    '192.168.1.2',
    '10.0.0.1',
    'my-laptop',
    '127.1',
    '0x7f.0.0.1',
    '127.0.0.1.example.com',
  ])('counts "%s" as an address that others can reach', (host) => {
    expect(isLoopback(host)).toBe(false);
  });

  it('requires no key on loopback, until a key exists or the setting requires one', async () => {
    expect(await decide('auto', '127.0.0.1', 'none')).toBe(false);
    expect(await decide('auto', '127.0.0.1', 'valid')).toBe(true);
    expect(await decide('on', '127.0.0.1', 'none')).toBe(true);
    expect(await decide('off', '127.0.0.1', 'valid')).toBe(false);
  });

  it('requires a key on loopback after all keys have expired', async () => {
    expect(await decide('auto', '127.0.0.1', 'expired')).toBe(true);
  });

  it.each([
    ['none', /no API key exists/],
    ['expired', /all API keys have expired/],
  ] as const)(
    'beyond loopback, with keys: %s, throws an error with the reason and both ways out',
    async (keys, why) => {
      expect(await decide('auto', '0.0.0.0', 'valid')).toBe(true);
      expect(await decide('off', '0.0.0.0', keys)).toBe(false);
      for (const setting of ['auto', 'on'] as const) {
        const error = await decide(setting, '0.0.0.0', keys).catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'keys_required', message: expect.stringMatching(why) as string });
        expect(String(error)).toMatch(/forebay keys create .*--insecure, which is FOREBAY_AUTH=off/);
      }
    },
  );
});

describe('the check of the Host header', () => {
  const check = createHostCheck(['Forebay.example', 'api']);

  it.each([
    'localhost',
    'localhost:8080',
    'LOCALHOST.',
    '127.0.0.1:1',
    '[::1]:8080',
    '[::1]',
    'forebay.example:443',
    'api',
  ])('accepts %s', (host) => expect(() => check(host)).not.toThrow());

  it.each([
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'x@localhost',
    '',
  ])('refuses "%s"', (host) =>
    expect(() => check(host)).toThrow(expect.objectContaining({ code: 'host_not_allowed', status: 421 })),
  );
});

describe('the rate limit', () => {
  it('admits a burst and then a fixed number per second, for each tenant separately', () => {
    let now = 0;
    const limit = createRateLimit(10, () => now);
    for (let i = 0; i < 20; i++) limit('a');
    expect(() => limit('a')).toThrow(expect.objectContaining({ code: 'rate_limited', retryAfterS: 0.1 }));
    expect(() => limit('b')).not.toThrow();
    now = 100;
    expect(() => limit('a')).not.toThrow();
    expect(() => limit('a')).toThrow(/more than 10 requests per second/);
    now = 1_000_000;
    for (let i = 0; i < 20; i++) limit('a');
    expect(() => limit('a')).toThrow(/quota/);
  });
});

describe('scopes and tenants', () => {
  it('a scope allows what it names, and admin allows everything', () => {
    expect(allows(['jobs:read'], 'jobs:read')).toBe(true);
    expect(allows(['jobs:read'], 'jobs:write')).toBe(false);
    expect(allows(['jobs:write'], 'jobs:read')).toBe(false);
    expect(allows(['admin'], 'models:write')).toBe(true);
    expect(allows([], 'jobs:read')).toBe(false);
  });

  it('the name of a tenant is also a valid folder name', () => {
    for (const name of ['a', 'search', 'team-2', 'a_b']) expect(TENANT.safeParse(name).success).toBe(true);
    for (const name of ['', '..', 'a/b', 'A', '-a', 'a-', 'a.b', 'x'.repeat(64), 'a\n', 'é'])
      expect(TENANT.safeParse(name).success, name).toBe(false);
  });

  it('a stored job without a tenant belongs to the default tenant', () => {
    const { tenant: _, ...before } = makeSpec();
    expect(JOB_SPEC.parse(before).tenant).toBe('default');
  });
});
