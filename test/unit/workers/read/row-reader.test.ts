import { mkdir, mkdtemp, realpath, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blobAt, invalidAt } from '#forebay/shared/dataset/locate.js';
import type { DatasetSpec } from '#forebay/shared/domain/dataset-spec.js';
import { ForebayError } from '#forebay/shared/errors.js';
import { createRowReader } from '#forebay/workers/read/row-reader.js';

let dir: string;
let root: string;
let manifest: DatasetSpec;
const never = new AbortController().signal;

beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'forebay-reader-')));
  root = join(dir, 'in');
  await mkdir(join(root, 'folder'), { recursive: true });
  await mkdir(join(dir, 'in-not'));
  await writeFile(join(root, 'a.jpg'), 'abc');
  await writeFile(join(root, 'empty.jpg'), '');
  await writeFile(join(root, 'large.jpg'), '');
  await truncate(join(root, 'large.jpg'), 1001);
  await writeFile(join(dir, 'in-not', 'secret'), 'secret');
  await writeFile(join(dir, 'blob'), 'hello world');
  await symlink(join(dir, 'in-not', 'secret'), join(root, 'out'));
  await symlink('a.jpg', join(root, 'link.jpg'));
  await symlink('nowhere', join(root, 'broken'));
  await symlink(root, join(dir, 'linked-root'));
  manifest = { type: 'manifest', path: join(root, 'list'), base: root };
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function fetchNothing(url: string): Promise<Uint8Array> {
  if (url.endsWith('/empty')) return new Uint8Array();
  if (url.endsWith('/broken')) throw new TypeError('surprise');
  if (url.endsWith('/refused')) throw new ForebayError('url_not_allowed', 'no');
  return Buffer.from(url);
}

const readerOf = (inputRoots = [root]) =>
  createRowReader({ fetchBytes: fetchNothing, inputRoots, maxFileBytes: 1000 });
const read = (id: string, at?: string) => readerOf().read(manifest, { id, at }, never);

describe('a local file', () => {
  it('is named by its real path, with its size', async () => {
    const expected = { ok: true, input: { path: join(root, 'a.jpg') }, bytes: 3 };
    expect(await read('a.jpg')).toEqual(expected);
    expect(await read('link.jpg')).toEqual(expected);
    expect(await read('named', join(root, 'folder/../a.jpg'))).toEqual(expected);
  });

  it.each([
    ['nothing.jpg', 'file_not_found'],
    ['a.jpg/below', 'file_not_found'],
    ['broken', 'file_not_found'],
    ['folder', 'file_unreadable'],
    ['empty.jpg', 'empty_file'],
    ['large.jpg', 'file_too_large'],
    ['../in-not/secret', 'path_not_allowed'],
    ['../in-not/nothing', 'path_not_allowed'],
    ['out', 'path_not_allowed'],
    ['/etc/hostname', 'path_not_allowed'],
    ['x'.repeat(5000), 'file_unreadable'],
  ])('%s ends as %s', async (id, code) => {
    expect(await read(id)).toMatchObject({ ok: false, error: { code } });
  });

  it('is found below a root that is itself a link, and below a root that came later', async () => {
    const spec: DatasetSpec = { type: 'files', root: join(dir, 'linked-root'), include: [], exclude: [] };
    const reader = readerOf([join(dir, 'later'), join(dir, 'linked-root')]);
    expect(await reader.read(spec, { id: 'a.jpg' }, never)).toMatchObject({ ok: true });
    expect(await reader.read(spec, { id: 'none.jpg' }, never)).toMatchObject({
      error: { code: 'file_not_found' },
    });
    await mkdir(join(dir, 'later'));
    await writeFile(join(dir, 'later', 'b.jpg'), 'b');
    expect(await reader.read(spec, { id: '../later/b.jpg' }, never)).toMatchObject({ ok: true });
  });
});

describe('other rows', () => {
  it('of URLs become bytes or their error', async () => {
    const spec: DatasetSpec = { type: 'urls', spool: '' };
    const url = 'http://x/y';
    expect(await readerOf().read(spec, { id: url }, never)).toEqual({
      ok: true,
      input: { bytes: Buffer.from(url) },
      bytes: 10,
    });
    for (const [id, code] of [
      ['http://x/empty', 'empty_file'],
      ['http://x/refused', 'url_not_allowed'],
      ['http://x/broken', 'file_unreadable'],
    ] as const) {
      expect(await readerOf().read(spec, { id }, never)).toMatchObject({ ok: false, error: { code } });
    }
  });

  it('of a request become their slice of the blob', async () => {
    const spec: DatasetSpec = { type: 'inline', spool: '', blob: join(dir, 'blob') };
    const at = (offset: number, length: number) =>
      readerOf().read(spec, { id: 'x', at: blobAt(offset, length) }, never);
    expect(await at(6, 5)).toEqual({ ok: true, input: { bytes: Buffer.from('world') }, bytes: 5 });
    expect(await at(6, 0)).toMatchObject({ error: { code: 'empty_file' } });
    expect(await at(6, 6)).toMatchObject({ error: { code: 'file_unreadable' } });
    expect(await at(6, 1001)).toMatchObject({ error: { code: 'file_too_large' } });
  });

  it('that the dataset calls bad are invalid', async () => {
    expect(await read('x', invalidAt('why'))).toEqual({
      ok: false,
      error: { code: 'invalid_row', message: 'why' },
    });
    expect(await read('s3://bucket/x')).toMatchObject({ error: { code: 'invalid_row' } });
  });
});

it('rejects with the reason of an abort and with nothing else', async () => {
  const reason = new Error('enough');
  await expect(readerOf().read(manifest, { id: 'a.jpg' }, AbortSignal.abort(reason))).rejects.toBe(reason);
});
