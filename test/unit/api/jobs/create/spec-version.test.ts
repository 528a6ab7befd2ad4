import { expect, it } from 'vitest';
import { specVersion } from '#forebay/api/jobs/create/spec-version.js';

it('a job is left to processes that can read its dataset and write its output', () => {
  const csv = {
    type: 'csv' as const,
    path: '/rows.csv',
    base: '/',
    delimiter: ',',
    names: ['text'],
    start: { from: 5, line: 2 },
    fields: ['text'],
    text: null,
  };
  expect(specVersion({ spec: csv }, { type: 'csv', path: '/rows.csv' }, undefined, '/out')).toBe(5);
  const jsonl = { type: 'jsonl' as const, path: '/rows.jsonl', base: '/' };
  expect(specVersion({ spec: jsonl }, { type: 'jsonl', path: '/rows.jsonl' }, undefined, '/out')).toBe(3);
  const input = { type: 'jsonl' as const, path: '/rows.jsonl' };
  expect(specVersion({ spec: jsonl }, input, undefined, 's3://b/o/')).toBe(6);
  const delta = { job: 'j', output: '/before' };
  expect(specVersion({ spec: jsonl }, input, undefined, '/out', { delta })).toBe(6);
  expect(specVersion({ spec: jsonl }, input, undefined, '/out', { delta, compact: true })).toBe(7);
  expect(specVersion({ spec: jsonl }, input, undefined, '/out', { delta: { ...delta, by: 'content' } })).toBe(
    7,
  );
  const several = { delta, fromSeveral: true, compact: true };
  expect(specVersion({ spec: jsonl }, input, undefined, 'az://r/o/', several)).toBe(8);
  const files = { type: 'files' as const, root: '/photos', include: [], exclude: [] };
  const version = (root: string, of?: typeof delta) =>
    specVersion({ spec: { ...files, root } }, { type: 'files', path: root }, undefined, '/out', {
      delta: of,
    });
  expect([version('/photos'), version('/photos', delta), version('s3://b/p/')]).toEqual([2, 6, 4]);
  expect(version('az://photos/p/')).toBe(7);
  expect(version('/photos', { ...delta, output: 'az://results/o/' })).toBe(7);
  expect(specVersion({ spec: jsonl }, input, undefined, 'az://r/o/')).toBe(7);
  expect(specVersion({ spec: jsonl }, input, undefined, '/out', { inline: true })).toBe(7);
  const anyCase = { ...files, root: '/photos', ignore_case: true as const };
  expect(specVersion({ spec: anyCase }, { type: 'files', path: '/photos' }, undefined, '/out')).toBe(10);
  const parts = { pattern: '*.JSONL', ignore_case: true as const };
  expect(specVersion({ spec: { ...jsonl, parts } }, input, undefined, '/out')).toBe(11);
  const archives = { type: 'archive' as const, path: '/in/*.tar', base: '/in', reads: 'image' as const };
  const rules = { grouped: false, listing: 2 as const, include: [], exclude: [], ignore_case: true as const };
  const archiveVersion = (shards?: 'glob' | 'braces') =>
    specVersion(
      { spec: { ...archives, ...rules, shards } },
      { type: 'archive', path: '' },
      undefined,
      '/out',
    );
  expect([archiveVersion(), archiveVersion('braces'), archiveVersion('glob')]).toEqual([10, 10, 12]);
  const blocksOf = (blockRows: number) =>
    specVersion({ spec: jsonl }, input, undefined, '/out', { blockRows });
  expect([blocksOf(10_000), blocksOf(10_001)]).toEqual([3, 9]);
});
