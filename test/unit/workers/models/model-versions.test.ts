import { expect, it } from 'vitest';
import { createModelVersions } from '#forebay/workers/models/model-versions.js';

const ref = (hash: string, name = 'm') => ({ name, hash, pool: 'default' });

it('knows which versions came before each version, oldest first', () => {
  const versions = createModelVersions();
  for (const hash of ['a', 'b', 'c']) versions.remember(ref(hash));
  versions.remember(ref('x', 'other'));
  expect(versions.before(ref('c'))).toEqual(['a', 'b']);
  expect(versions.before(ref('a'))).toEqual([]);
  expect(versions.before(ref('x', 'other'))).toEqual([]);
});

it('puts a returning version last', () => {
  const versions = createModelVersions();
  for (const hash of ['a', 'b', 'a']) versions.remember(ref(hash));
  expect(versions.before(ref('a'))).toEqual(['b']);
});

it('forgets the oldest versions', () => {
  const versions = createModelVersions();
  for (let i = 0; i < 100; i++) versions.remember(ref(String(i)));
  expect(versions.before(ref('99'))).toHaveLength(19);
  expect(versions.before(ref('3'))).toEqual([]);
});
