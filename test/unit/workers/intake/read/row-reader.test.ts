import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blobAt } from '#forebay/shared/datasets/inline/blob-range.js';
import { invalidAt } from '#forebay/shared/datasets/row-reference.js';
import type { DatasetSpec } from '#forebay/shared/domain/dataset-spec.js';
import type { RowRef } from '#forebay/shared/domain/row.js';
import { ForebayError } from '#forebay/shared/errors.js';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { createRowReader } from '#forebay/workers/intake/read/row-reader.js';
import type { RowKind } from '#forebay/shared/tasks/task-description.js';

let dir: string;
let root: string;
let manifest: DatasetSpec;
const never = new AbortController().signal;

beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'forebay-reader-')));
  root = join(dir, 'in');
  await mkdir(join(root, 'folder'), { recursive: true });
  await mkdir(join(dir, 'in-not'));
  await writeFile(join(dir, 'blob'), 'hello world');
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
  createRowReader({
    files: LOCAL_FILES,
    fetchBytes: fetchNothing,
    inputRoots,
    maxFileBytes: 1000,
    maxFetchRatio: 100,
  });
const locate = (id: string, at?: string) =>
  readerOf().locate({ dataset: manifest, tenant: 'default', input: 'image' }, { id, at });
async function read(spec: DatasetSpec, row: RowRef, signal = never, input: RowKind = 'image') {
  const rows = { dataset: spec, tenant: 'default', input };
  const located = readerOf().locate(rows, row);
  return 'fetch' in located ? readerOf().fetch(rows, located.fetch, signal) : located;
}

describe('a local file', () => {
  it('is read by the lane if its path is under a root', () => {
    const named = (path: string) => ({ ok: true, input: { path, tenant: 'default' }, bytes: 0 });
    expect(locate('a.jpg')).toEqual(named(join(root, 'a.jpg')));
    expect(locate('nothing.jpg')).toEqual(named(join(root, 'nothing.jpg')));
    expect(locate('named', join(root, 'folder/../a.jpg'))).toEqual(named(join(root, 'a.jpg')));
  });

  it.each(['../in-not/secret', '../in-not/nothing', '/etc/hostname', '..'])('%s is refused', (id) => {
    expect(locate(id)).toMatchObject({ ok: false, error: { code: 'path_not_allowed' } });
  });

  it('is found below a root that is a link, by the path of link or target, and below a root made later', async () => {
    const reader = readerOf([join(dir, 'later'), join(dir, 'linked-root')]);
    const under = (folder: string) =>
      reader.locate(
        {
          dataset: { type: 'files', root: folder, include: [], exclude: [] },
          tenant: 'default',
          input: 'image',
        },
        { id: 'a.jpg' },
      );
    expect(under(join(dir, 'linked-root'))).toMatchObject({ ok: true });
    expect(under(root)).toMatchObject({ ok: true });
    expect(under(join(dir, 'in-not'))).toMatchObject({ ok: false });
    await mkdir(join(dir, 'elsewhere'));
    await symlink(join(dir, 'elsewhere'), join(dir, 'later'));
    expect(under(join(dir, 'elsewhere'))).toMatchObject({ ok: true });
  });
});

describe('other rows', () => {
  it('of URLs become bytes or an error', async () => {
    const spec: DatasetSpec = { type: 'urls', spool: '' };
    const url = 'http://x/y';
    expect(await read(spec, { id: url }, never)).toEqual({
      ok: true,
      input: { bytes: Buffer.from(url) },
      bytes: 10,
    });
    for (const [id, code] of [
      ['http://x/empty', 'empty_file'],
      ['http://x/refused', 'url_not_allowed'],
      ['http://x/broken', 'file_unreadable'],
    ] as const) {
      expect(await read(spec, { id }, never)).toMatchObject({ ok: false, error: { code } });
    }
  });

  it('on S3 are fetched if they are below a root, in the version that was listed', async () => {
    const versions: (string | undefined)[] = [];
    const reader = createRowReader({
      files: LOCAL_FILES,
      async fetchBytes(url, _, version) {
        versions.push(version);
        return Buffer.from(url);
      },
      inputRoots: [],
      objectRoots: ['s3://photos/in/'],
      maxFileBytes: 1000,
      maxFetchRatio: 100,
    });
    const dataset: DatasetSpec = { type: 'files', root: 's3://photos/in/', include: [], exclude: [] };
    const rows = { dataset, tenant: 'default', input: 'image' } as const;
    const located = reader.locate(rows, { id: 'a.jpg', at: '"etag"' });
    expect(await reader.fetch(rows, (located as { fetch: never }).fetch, never)).toMatchObject({
      input: { bytes: Buffer.from('s3://photos/in/a.jpg') },
    });
    expect(versions).toEqual(['"etag"']);
    const outside = { ...rows, dataset: { type: 'urls', spool: '' } } as const;
    for (const url of ['s3://photos/inner/a.jpg', 's3://other/in/a.jpg']) {
      expect(reader.locate(outside, { id: url })).toMatchObject({ error: { code: 'path_not_allowed' } });
    }
  });

  it('of a request become their slice of the blob file', async () => {
    const spec: DatasetSpec = { type: 'inline', spool: '', blob: join(dir, 'blob') };
    const at = (offset: number, length: number) =>
      read(spec, { id: 'x', at: blobAt(offset, length, 'bytes') }, never);
    expect(await at(6, 5)).toEqual({ ok: true, input: { bytes: Buffer.from('world') }, bytes: 5 });
    expect(await at(6, 0)).toMatchObject({ error: { code: 'empty_file' } });
    expect(await at(6, 6)).toMatchObject({ error: { code: 'file_unreadable' } });
    expect(await at(6, 1001)).toMatchObject({ error: { code: 'file_too_large' } });
  });

  it('that the dataset marks as bad are invalid', async () => {
    expect(locate('x', invalidAt('why'))).toEqual({
      ok: false,
      error: { code: 'invalid_row', message: 'why' },
    });
    expect(locate('ftp://bucket/x')).toMatchObject({ error: { code: 'invalid_row' } });
  });
});

describe('a record', () => {
  const record = async (json: string, input: RowKind) => {
    await writeFile(join(root, 'records'), json);
    const spec: DatasetSpec = { type: 'jsonl', path: join(root, 'records'), base: root };
    return read(spec, { id: 'x', at: `0+${Buffer.byteLength(json)}@3` }, never, input);
  };

  it('goes to the lane unchanged if the task reads its fields', async () => {
    const json = '{"id":"x","text":"Łódź"}';
    expect(await record(json, 'text')).toMatchObject({ ok: true, input: { json } });
  });

  it('names the image of an image task by a path or a URL', async () => {
    expect(await record('{"image":"a.jpg"}', 'image')).toMatchObject({
      ok: true,
      input: { path: join(root, 'a.jpg'), tenant: 'default' },
    });
    expect(await record('{"image":"http://x/y"}', 'image')).toMatchObject({
      ok: true,
      input: { bytes: Buffer.from('http://x/y') },
    });
  });

  it('holds the image itself in base64', async () => {
    const image = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(100)]);
    const base64 = image.toString('base64');
    for (const given of [base64, `data:image/jpeg;base64,${base64}`]) {
      expect(await record(JSON.stringify({ image: given }), 'image')).toMatchObject({
        ok: true,
        input: { bytes: image },
      });
    }
    expect(await record('{"image":"data:image/jpeg;base64,"}', 'image')).toMatchObject({
      ok: false,
      error: { code: 'empty_file' },
    });
  });

  it.each([
    ['{"text":"a"}', 'the field "image" is missing: it must be a path or a URL'],
    ['{"image":5}', 'the field "image" must be a path or a URL, or the file itself in base64, not a number'],
    ['{"image":null}', 'in base64, not null'],
    ['{"image":""}', 'in base64, not an empty text'],
    ['{"image":[1]}', 'in base64, not a list'],
    ['{"image":{"0":1}}', 'in base64, not an object'],
    ['{"image":', 'line 3 is not JSON'],
    ['{"image":"../in-not/secret"}', 'is not under an input root'],
  ])('%s is a bad row of an image task', async (json, message) => {
    const read = await record(json, 'image');
    expect(read).toMatchObject({ ok: false, error: { message: expect.stringContaining(message) } });
  });

  it('of a request names images only by URL', async () => {
    const json = '{"image":"a.jpg"}';
    await writeFile(join(dir, 'records-blob'), json);
    const spec: DatasetSpec = { type: 'inline', spool: '', blob: join(dir, 'records-blob') };
    expect(await read(spec, { id: 'x', at: blobAt(0, json.length, 'record') })).toMatchObject({
      ok: false,
      error: { code: 'invalid_row', message: expect.stringContaining('must be a URL') },
    });
  });
});

it('rejects with the reason of an abort, and with nothing else', async () => {
  const reason = new Error('enough');
  const urls: DatasetSpec = { type: 'urls', spool: '' };
  await expect(read(urls, { id: 'http://x/y' }, AbortSignal.abort(reason))).rejects.toBe(reason);
});
