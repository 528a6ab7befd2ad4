// Names of versions, and their order.
import { expect, it } from 'vitest';
import {
  compareVersions,
  isVersionName,
  latestVersion,
  modelTitle,
  nameOfParent,
  parseModelName,
} from '#forebay/shared/models/version-name.js';

it('whole numbers sort last and by value, and numbers inside other names also sort by value', () => {
  const names = ['10', 'beta', '2', 'v10', 'v2', '1.10.0', '1.9.0', '2026-11-28', '2026-2-1'];
  expect(names.toSorted(compareVersions)).toEqual([
    '1.9.0',
    '1.10.0',
    '2026-2-1',
    '2026-11-28',
    'beta',
    'v2',
    'v10',
    '2',
    '10',
  ]);
  expect(latestVersion(names)).toBe('10');
  expect(latestVersion([])).toBeNull();
});

it('a model name may end with a version, and @latest means the same as no version', () => {
  expect(parseModelName('tiny')).toEqual({ name: 'tiny', version: null });
  expect(parseModelName('tiny@latest')).toEqual({ name: 'tiny', version: null });
  expect(parseModelName('tiny@v1.2')).toEqual({ name: 'tiny', version: 'v1.2' });
  expect(modelTitle({ name: 'tiny', version: '2' })).toBe('tiny@2');
  expect(modelTitle({ name: 'tiny', version: null })).toBe('tiny');
});

it('"latest" and names that a shell or a path would change are not versions', () => {
  expect(['1', 'v2', '1.0-rc.1', 'latest', '.x', 'a b', '..', ''].filter(isVersionName)).toEqual([
    '1',
    'v2',
    '1.0-rc.1',
  ]);
});

it('only the folder of a numbered version gives its model the name of the folder above', () => {
  expect(['2', 'v3', '1.2.0', '2026-11-28'].map((version) => nameOfParent(`/m/tiny/${version}`))).toEqual(
    Array(4).fill('tiny'),
  );
  expect(['beta', 'tiny', '2x'].map((folder) => nameOfParent(`/m/tiny/${folder}`))).toEqual([
    null,
    null,
    null,
  ]);
});
