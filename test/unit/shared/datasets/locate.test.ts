import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { blobAt } from '#forebay/shared/datasets/inline/blob-range.js';
import { locateRow } from '#forebay/shared/datasets/locate.js';
import { invalidAt } from '#forebay/shared/datasets/row-reference.js';
import type { DatasetSpec } from '#forebay/shared/domain/dataset-spec.js';

const manifest: DatasetSpec = { type: 'manifest', path: '/data/list', base: '/data' };

it('finds files below their root', () => {
  const spec: DatasetSpec = { type: 'files', root: '/photos', include: [], exclude: [] };
  expect(locateRow(spec, { id: 'a/b.jpg' })).toEqual({ kind: 'file', path: '/photos/a/b.jpg' });
  expect(locateRow({ ...spec, root: '/' }, { id: 'a.jpg' })).toEqual({ kind: 'file', path: '/a.jpg' });
});

it('joins paths as node:path does, whatever parts they have', () => {
  const parts = ['a', '.', '..', '', 'b.jpg', '...', '.hidden', ' '];
  const names = parts.flatMap((a) => parts.flatMap((b) => parts.map((c) => [a, b, c].join('/'))));
  for (const root of ['/photos', '/', '/photos/', '/x/../photos', '/a//b']) {
    const spec: DatasetSpec = { type: 'files', root, include: [], exclude: [] };
    for (const id of [...names, ...parts]) {
      expect(locateRow(spec, { id })).toEqual({ kind: 'file', path: resolve(root, id) });
    }
  }
});

it('finds URLs and spooled bytes', () => {
  expect(locateRow({ type: 'urls', spool: '/s' }, { id: 'http://x/' })).toEqual({
    kind: 'url',
    url: 'http://x/',
  });
  expect(locateRow({ type: 'urls', spool: '/s' }, { id: 'data:image/png;base64,AAAA' })).toMatchObject({
    kind: 'invalid',
    reason: expect.stringContaining('inline'),
  });
  const inline: DatasetSpec = { type: 'inline', spool: '/s', blob: '/b' };
  expect(locateRow(inline, { id: 'x', at: blobAt(7, 12, 'bytes') })).toEqual({
    kind: 'blob',
    path: '/b',
    offset: 7,
    length: 12,
  });
});

it.each([
  ['a.jpg', { kind: 'file', path: '/data/a.jpg' }],
  ['/x/../a b.jpg', { kind: 'file', path: '/a b.jpg' }],
  ['HTTPS://x/y', { kind: 'url', url: 'HTTPS://x/y' }],
  ['file:///x/a%20b.jpg', { kind: 'file', path: '/x/a b.jpg' }],
  ['file://host/x', { kind: 'invalid', reason: expect.stringContaining('local path') }],
  ['s3://bucket/a%20#b', { kind: 'url', url: 's3://bucket/a%20#b' }],
  ['ftp://host/key', { kind: 'invalid', reason: expect.stringContaining('"ftp://"') }],
  ['C:/x.jpg', { kind: 'file', path: '/data/C:/x.jpg' }],
  ['data:image/png;base64,AAAA', { kind: 'invalid', reason: expect.stringContaining('inline') }],
  ['DATA:,x', { kind: 'invalid', reason: expect.stringContaining('inline') }],
  ['data:2024.jpg', { kind: 'file', path: '/data/data:2024.jpg' }],
  ['database,v2.jpg', { kind: 'file', path: '/data/database,v2.jpg' }],
  ['nul\0', { kind: 'invalid', reason: expect.stringContaining('NUL') }],
])('reads the manifest entry %j', (uri, expected) => {
  expect(locateRow(manifest, { id: uri })).toEqual(expected);
  expect(locateRow(manifest, { id: 'named', at: uri })).toEqual(expected);
});

it.each([
  ['s3://bucket/lists/', 'a b#1.jpg', { kind: 'url', url: 's3://bucket/lists/a b#1.jpg' }],
  ['s3://bucket/lists/', './x/../a.jpg', { kind: 'url', url: 's3://bucket/lists/a.jpg' }],
  ['s3://bucket/lists/', '../photos/a.jpg', { kind: 'url', url: 's3://bucket/photos/a.jpg' }],
  [
    's3://bucket/lists/',
    '../../other/a.jpg',
    { kind: 'invalid', reason: expect.stringContaining('out of the bucket') },
  ],
  ['s3://bucket/lists/', '/data/a.jpg', { kind: 'file', path: '/data/a.jpg' }],
  ['s3://bucket/lists/', 's3://other/a.jpg', { kind: 'url', url: 's3://other/a.jpg' }],
  ['s3://bucket/lists/', 'https://host/a.jpg', { kind: 'url', url: 'https://host/a.jpg' }],
  ['https://host/lists/', 'a b.jpg', { kind: 'url', url: 'https://host/lists/a%20b.jpg' }],
  ['https://host/lists/', '../photos/a.jpg?v=2', { kind: 'url', url: 'https://host/photos/a.jpg?v=2' }],
  ['https://host/lists/', 'a:b.jpg', { kind: 'url', url: 'https://host/lists/a:b.jpg' }],
  ['https://host/lists/', '/data/a.jpg', { kind: 'file', path: '/data/a.jpg' }],
  ['https://host/lists/', '//other/a.jpg', { kind: 'file', path: '/other/a.jpg' }],
])('in a list of %s, %s', (base, entry, expected) => {
  expect(locateRow({ type: 'manifest', path: `${base}list.txt`, base }, { id: entry })).toEqual(expected);
});

it('passes on the reason why a row is bad', () => {
  expect(locateRow(manifest, { id: 'x', at: invalidAt('no good') })).toEqual({
    kind: 'invalid',
    reason: 'no good',
  });
});
