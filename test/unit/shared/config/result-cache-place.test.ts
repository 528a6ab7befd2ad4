import { expect, it } from 'vitest';
import { resultCachePlace } from '#forebay/shared/config/result-cache-place.js';

const place = (given: string | undefined, roots: readonly string[] = ['/work', 's3://in/']) =>
  resultCachePlace(given, { cwd: '/work', dataDir: '/work/.forebay', roots });

it('is in the data folder, in another folder, or below a prefix', () => {
  expect(place(undefined)).toBe('/work/.forebay/result-cache');
  expect(place('/var/cache')).toBe('/var/cache');
  expect(place('s3://cache')).toBe('s3://cache/');
  expect(place('az://box/cache/')).toBe('az://box/cache/');
});

it('is not where jobs may read or write', () => {
  expect(() => place('cache')).toThrow('/work/cache is below /work, where jobs may read or write');
  expect(() => place('s3://in/cache')).toThrow('is below s3://in/');
  expect(() => place('s3://cache', ['s3://'])).toThrow('is below s3://');
  // The data folder is closed, except for results.
  expect(() => place('.forebay/results/cache', ['/work', '/work/.forebay/results'])).toThrow(
    'is below /work/.forebay/results',
  );
  expect(() => place('ftp://x')).toThrow('FOREBAY_RESULT_CACHE: "ftp://x" is neither a folder nor');
});
