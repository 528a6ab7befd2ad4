import { describe, expect, it } from 'vitest';
import { locateUrl } from '#forebay/shared/datasets/locate-url.js';
import { createObjectRule, objectRoot } from '#forebay/shared/stores/object-roots.js';
import { isObjectUrl, objectFolder, parseObjectUrl } from '#forebay/shared/stores/object-url.js';
import { settingsFor } from '#forebay/shared/stores/settings-for.js';
import { s3Target } from '#forebay/shared/stores/s3/s3-target.js';
import { s3At } from '../../../support/stores.ts';

const PARENT = String.fromCharCode(46, 46);

describe('a URL of an object', () => {
  it.each([
    ['s3://bucket/a/b.jpg', 'bucket', 'a/b.jpg', 's3://bucket/a/b.jpg'],
    [' S3://Old_Bucket/k', 'Old_Bucket', 'k', 's3://Old_Bucket/k'],
    ['s3://bucket', 'bucket', '', 's3://bucket/'],
    ['s3://bucket//a//b/', 'bucket', '/a//b/', 's3://bucket//a//b/'],
    ['s3://bucket/a%2e%2e/#?+ b ', 'bucket', 'a%2e%2e/#?+ b ', 's3://bucket/a%2e%2e/#?+ b '],
    ['s3://bucket/...', 'bucket', '...', 's3://bucket/...'],
    [' AZ://photos-1/a b#?.jpg', 'photos-1', 'a b#?.jpg', 'az://photos-1/a b#?.jpg'],
    ['az://$web', '$web', '', 'az://$web/'],
  ])('%s is taken literally', (text, bucket, key, url) => {
    expect(isObjectUrl(text)).toBe(true);
    expect(parseObjectUrl(text)).toEqual({ scheme: url.slice(0, 2), bucket, key, url });
  });

  it.each([
    ['s3://', /does not name a bucket/],
    ['s3:///key', /does not name a bucket/],
    ['s3://user@host/key', /does not name a bucket/],
    ['s3://evil.example:80/key', /does not name a bucket/],
    ['s3://a..b/key', /does not name a bucket/],
    [`s3://bucket/a/${PARENT}/b`, /"\." or "\.\."/],
    [`s3://bucket/${PARENT}`, /"\." or "\.\."/],
    ['s3://bucket/./b', /"\." or "\.\."/],
    ['s3://bucket/a\0b', /character/],
    ['s3://bucket/\ud800', /character/],
    ['az://Photos/key', /does not name a container.* Write az:/],
    ['az://a--b/key', /does not name a container/],
    ['az://account@photos/key', /does not name a container/],
    [`az://photos/a/${PARENT}/b`, /"\." or "\.\."/],
    // Azure reads it as a slash.
    ['az://photos/a\\b', /character/],
  ])('%j is refused', (text, message) => {
    expect(() => parseObjectUrl(text)).toThrow(message);
    expect(locateUrl(text)).toMatchObject({ kind: 'invalid', reason: expect.stringMatching(message) });
  });

  it('a prefix is no row', () => {
    expect(locateUrl('s3://bucket/a/')).toMatchObject({
      kind: 'invalid',
      reason: expect.stringMatching(/prefix/),
    });
    expect(locateUrl('s3://bucket')).toMatchObject({ kind: 'invalid' });
    expect(locateUrl('s3://bucket/a')).toEqual({ kind: 'url', url: 's3://bucket/a' });
  });
});

describe('input roots on S3', () => {
  const mayRead = createObjectRule({ objectRoots: ['s3://b-1/in', 's3://b-2'].map(objectRoot) });

  it.each([
    ['s3://b-1/in/x', true],
    ['s3://b-1/in//x', true],
    ['s3://b-1/in/', true],
    ['s3://b-1/in', false],
    ['s3://b-1/inner/x', false],
    ['s3://b-1/In/x', false],
    ['s3://b-1//in/x', false],
    ['s3://b-1/', false],
    ['s3://b-2/anything', true],
    ['s3://b-22/x', false],
    ['s3://B-2/x', false],
  ])('%s: %s', (url, allowed) => {
    expect(mayRead(url, 'default')).toBe(allowed);
  });

  it('s3:// allows every bucket', () => {
    expect(createObjectRule({ objectRoots: [objectRoot('S3://')] })('s3://any/x', 'default')).toBe(true);
    expect(createObjectRule({ objectRoots: [] })('s3://any/x', 'default')).toBe(false);
    const azure = createObjectRule({ objectRoots: [objectRoot('AZ://')] });
    expect([azure('az://any/x', 'default'), azure('s3://any/x', 'default')]).toEqual([true, false]);
  });

  it("results on S3 are their tenant's own, unless an input root lies deeper", () => {
    const rule = createObjectRule({
      objectRoots: ['s3://b-1/', 's3://b-1/out/public/'],
      objectOutputRoots: ['s3://b-1/out/'],
    });
    const allowed = (url: string, tenant: string) => rule(url, tenant);
    expect(['default', 'red', 'blue'].map((tenant) => allowed('s3://b-1/out/red/x', tenant))).toEqual([
      true,
      true,
      false,
    ]);
    expect(allowed('s3://b-1/out/x', 'red')).toBe(false);
    // Servers on top of a file system read two slashes as one.
    expect(allowed('s3://b-1//out/blue/x', 'red')).toBe(false);
    expect(allowed('s3://b-1/out//blue/x', 'red')).toBe(false);
    expect(allowed('s3://b-1/in//x', 'red')).toBe(true);
    expect(allowed('s3://b-1/out/public/x', 'red')).toBe(true);
    expect(allowed('s3://b-1/in/x', 'red')).toBe(true);
  });

  it('a folder has its slash', () => {
    expect([objectFolder('s3://b-1/a'), objectFolder('s3://b-1/a/'), objectFolder('s3://b-1')]).toEqual([
      's3://b-1/a/',
      's3://b-1/a/',
      's3://b-1/',
    ]);
  });
});

describe('the address of a request', () => {
  const aws = { endpoint: null, pathStyle: null };
  it.each([
    [aws, 'eu-west-3', 'bucket', 'https://bucket.s3.eu-west-3.amazonaws.com', '/a/b'],
    [aws, 'cn-north-1', 'bucket', 'https://bucket.s3.cn-north-1.amazonaws.com.cn', '/a/b'],
    [aws, 'eu-west-3', 'has.dots', 'https://s3.eu-west-3.amazonaws.com', '/has.dots/a/b'],
    [{ ...aws, pathStyle: true }, 'eu-west-3', 'bucket', 'https://s3.eu-west-3.amazonaws.com', '/bucket/a/b'],
    [{ endpoint: 'http://minio:9000', pathStyle: null }, 'x', 'bucket', 'http://minio:9000', '/bucket/a/b'],
    [{ endpoint: 'https://r2.test', pathStyle: false }, 'x', 'bucket', 'https://bucket.r2.test', '/a/b'],
    [
      { endpoint: 'https://host/storage/s3/', pathStyle: null },
      'x',
      'bkt',
      'https://host',
      '/storage/s3/bkt/a/b',
    ],
  ])('%j %s %s', (settings, region, bucket, origin, path) => {
    const target = s3Target(settings, region, bucket);
    expect(target).toMatchObject({ origin, host: new URL(origin).host });
    expect(target.pathOf('a/b')).toBe(path);
  });

  it('the longest match of the settings wins', () => {
    const all = ['s3://', 's3://a-1/x/', 's3://a-1/'].map((match) => s3At('http://x', { match }));
    expect(settingsFor(all, 's3://a-1/x/y').match).toBe('s3://a-1/x/');
    expect(settingsFor(all, 's3://a-1/y').match).toBe('s3://a-1/');
    expect(settingsFor(all, 's3://a-2/y').match).toBe('s3://');
  });
});
