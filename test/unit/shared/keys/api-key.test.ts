import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hashSecret, keyText, newApiKey, parseKey, secretMatches } from '#forebay/shared/keys/api-key.js';

describe('an API key', () => {
  it('is fbk_<id>_<secret> with 256 random bits, and can be parsed', () => {
    const key = newApiKey();
    const text = keyText(key);
    expect(text).toMatch(/^fbk_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/);
    expect(parseKey(text)).toEqual(key);
    expect(Buffer.from(key.secret, 'base64url')).toHaveLength(32);
    expect(newApiKey()).not.toEqual(key);
  });

  it.each(['', 'fbk_', 'Bearer x', 'fbk_0123456789abcdef_short', ' fbk_0123456789abcdef_', '__proto__'])(
    'is not "%s"',
    (text) => expect(parseKey(text)).toBeNull(),
  );

  it('is not valid with an extra line, or with a character more or less', () => {
    const text = keyText(newApiKey());
    for (const other of [`${text}\n`, `${text}a`, text.slice(0, -1), text.toUpperCase(), ` ${text}`])
      expect(parseKey(other)).toBeNull();
  });

  it('matches only its own hash, and no other text of any length', () => {
    const { secret } = newApiKey();
    expect(secretMatches(secret, hashSecret(secret))).toBe(true);
    expect(secretMatches(newApiKey().secret, hashSecret(secret))).toBe(false);
    expect(secretMatches(secret, '')).toBe(false);
    expect(secretMatches(secret, 'zz')).toBe(false);
    expect(secretMatches(secret, secret)).toBe(false);
  });

  it('is compared only by hashes of equal length, in constant time', () => {
    const source = readFileSync(new URL('../../../../src/shared/keys/api-key.ts', import.meta.url), 'utf8');
    const compare = /export function secretMatches[\s\S]*?\n}/.exec(source)![0];
    expect(compare).toContain('timingSafeEqual(given, kept)');
    expect(compare.replace('kept.length === given.length', '')).not.toMatch(/===|!==|localeCompare/);
  });
});
