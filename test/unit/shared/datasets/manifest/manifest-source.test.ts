import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { locateEntry } from '#forebay/shared/datasets/manifest/locate-entry.js';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { createManifestSource } from '#forebay/shared/datasets/manifest/manifest-source.js';
import type { Cursor } from '#forebay/shared/domain/dataset-spec.js';
import type { RowRef } from '#forebay/shared/domain/row.js';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'forebay-manifest-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function read(content: string | Buffer, from: Cursor | null = null): Promise<RowRef[]> {
  const path = join(dir, 'list');
  await writeFile(path, content);
  const rows: RowRef[] = [];
  const source = createManifestSource({ type: 'manifest', path, base: dir }, LOCAL_FILES);
  for await (const { row } of source.read(from, new AbortController().signal)) rows.push(row);
  return rows;
}

it('accepts paths and URLs as written, and skips blank lines', async () => {
  expect(await read('a b.jpg\n\n \t\r\nhttps://x/y?z\r\n last')).toEqual([
    { id: 'a b.jpg' },
    { id: 'https://x/y?z' },
    { id: ' last' },
  ]);
});

it('accepts JSON objects with an optional id, and ignores other fields', async () => {
  expect(
    await read(
      '{"id":"one","uri":"a.jpg"}\n {"uri":"b.jpg","label":3}\n{"id":7,"uri":"c.jpg"}\n{"uri":"d.jpg","id":1809251234567890123}',
    ),
  ).toEqual([
    { id: 'one', at: 'a.jpg' },
    { id: 'b.jpg' },
    { id: '7', at: 'c.jpg' },
    { id: '1809251234567890123', at: 'd.jpg' },
  ]);
});

it.each([
  ['file:///abs/a.jpg', '/abs/a.jpg'],
  ['file:/abs/a.jpg', '/abs/a.jpg'],
  ['FILE:///abs/a%20b.jpg', '/abs/a b.jpg'],
  ['sub/a:/b.jpg', '/base/sub/a:/b.jpg'],
])('a path or file URL names a file: %s', (uri, path) => {
  expect(locateEntry('/base', uri)).toEqual({ kind: 'file', path });
});

it('skips a byte order mark', async () => {
  expect(await read('\uFEFFa.jpg\n')).toEqual([{ id: 'a.jpg' }]);
});

it('makes every bad line a row with the reason', async () => {
  const rows = await read(
    Buffer.concat([
      Buffer.from('{"id":1\n{"id":"x"}\n{"id":[],"uri":"a"}\n'),
      Buffer.from('caf\xe9\n', 'latin1'),
      Buffer.from(`${'y'.repeat(65 * 1024)}\n${'z'.repeat(900 * 1024)}\nok`),
    ]),
  );
  expect(rows.map(({ id, at }) => [id, at?.replace('invalid:', '')])).toEqual([
    ['{"id":1', 'the line starts with "{" but is not valid JSON like {"id","uri"}'],
    ['{"id":"x"}', '"uri" must be a path or a URL'],
    ['{"id":[],"uri":"a"}', '"id" must be a string or a number'],
    ['caf\uFFFD', 'the line is not valid UTF-8'],
    [
      'line at byte 44',
      'the line is longer than 64 KB. Send the bytes of a row ("data:") inline, or write them to a file',
    ],
    [
      'line at byte 66605',
      'the line is longer than 64 KB. Send the bytes of a row ("data:") inline, or write them to a file',
    ],
    ['ok', undefined],
  ]);
});

it('accepts a line of exactly 64 KB, and shortens the id of a long bad line', async () => {
  const [long, bad] = await read(`${'a'.repeat(64 * 1024)}\n{${'b'.repeat(1000)}`);
  expect(long).toEqual({ id: 'a'.repeat(64 * 1024) });
  expect(bad!.id).toHaveLength(203);
});

it('reads lines that span chunks', async () => {
  const lines = Array.from({ length: 40 }, (_, i) => `${i}-`.padEnd(30_011 + i, 'x'));
  expect((await read(lines.join('\n'))).map(({ id }) => id)).toEqual(lines);
});

it.each([
  ['UTF-16 (little-endian)', Buffer.from('\uFEFFa.jpg', 'utf16le')],
  ['UTF-16 (big-endian)', Buffer.from('\uFEFFa.jpg', 'utf16le').swap16()],
  ['UTF-16 (little-endian)', Buffer.from('a.jpg\r\nb.jpg', 'utf16le')],
  ['UTF-16 (big-endian)', Buffer.from('a.jpg', 'utf16le').swap16()],
  ['UTF-32 (little-endian)', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0])],
])('names the encoding of a list in %s, and how to convert it', async (name, bytes) => {
  await expect(read(bytes)).rejects.toMatchObject({
    code: 'input_unreadable',
    message: expect.stringMatching(/ is .* Save it as UTF-8, for example with: iconv -f UTF-/),
  });
  await expect(read(bytes)).rejects.toThrow(name);
});

it('recognises a Git LFS pointer, and accepts paths with a similar start', async () => {
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n';
  await expect(read(pointer)).rejects.toMatchObject({
    code: 'input_unreadable',
    message: expect.stringContaining(
      'is a Git LFS pointer, not the list itself. Fetch it with: git lfs pull',
    ),
  });
  expect((await read('version https://elsewhere\n')).map(({ id }) => id)).toEqual([
    'version https://elsewhere',
  ]);
});

it('refuses a missing file, a folder and a file that has shrunk', async () => {
  await expect(read('a\nb\n', { index: 9, at: '99' })).rejects.toMatchObject({ code: 'dataset_changed' });
  const at = (path: string) => createManifestSource({ type: 'manifest', path, base: dir }, LOCAL_FILES);
  const signal = new AbortController().signal;
  await expect(at(join(dir, 'none')).count(9, signal)).rejects.toMatchObject({ code: 'input_not_found' });
  await expect(at(dir).count(9, signal)).rejects.toMatchObject({ code: 'input_unreadable' });
});

it('finds no rows in an empty file', async () => {
  expect(await read('')).toEqual([]);
  expect(await read('\uFEFF\n\n')).toEqual([]);
});
