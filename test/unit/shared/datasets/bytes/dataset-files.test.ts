import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ByteFile } from '#forebay/shared/datasets/bytes/byte-file.js';
import { createDatasetFiles } from '#forebay/shared/datasets/bytes/dataset-files.js';
import type { Stores } from '#forebay/shared/stores/stores.js';
import { refusing, serveS3 } from '../../../../support/s3-answers.ts';
import { s3At, testStores } from '../../../../support/stores.ts';
import { serveFiles, type WebFile, type WebFiles } from '../../../../support/web-files.ts';
import { ZSTD_ROWS, zstdRows } from '../../../../support/zstd.ts';

const never = new AbortController().signal;
const MB = 2 ** 20;
const dir = mkdtempSync(join(tmpdir(), 'forebay-dataset-files-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let web: WebFiles;
let stores: Stores;
let cacheDir: string;
beforeEach(async () => {
  web = await serveFiles();
  stores = testStores({ s3: [s3At(web.url, { credentials: 'none' })] });
  cacheDir = mkdtempSync(join(dir, 'cache-'));
});
afterEach(async () => {
  await stores.close();
  await web.close();
});

const files = (fileCacheBytes = 100 * MB, of = stores) =>
  createDatasetFiles({ stores: of, cacheDir, fileCacheBytes, maxFetchRatio: 200 });

/** 6 MB, in which every place is different. */
const LARGE = Buffer.alloc(6 * MB);
const OTHER = Buffer.alloc(6 * MB, 1);
for (let i = 0; i < LARGE.length; i += 4) LARGE.writeUInt32LE(i, i);

async function readAll(file: ByteFile, step = 256 * 1024): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const into = Buffer.alloc(step);
    const filled = await file.read(into, at, never);
    if (filled === 0) return Buffer.concat(parts);
    parts.push(into.subarray(0, filled));
    at += filled;
  }
}

async function contentOf(path: string): Promise<string> {
  const file = await files().open(path, never);
  try {
    const content = await readAll(file);
    expect(content).toHaveLength(file.size);
    return content.toString();
  } finally {
    await file.close();
  }
}

const places: [string, (file: WebFile) => string][] = [
  ['a web server', (file) => (web.files.set('/rows.jsonl', file), `${web.url}/rows.jsonl`)],
  ['S3', (file) => (web.files.set('/bucket/rows.jsonl', file), 's3://bucket/rows.jsonl')],
];

describe.each(places)('a file on %s', (_, put) => {
  it('is read by ranges of a few MB, ahead of the reader', async () => {
    const file = await files().open(put({ bytes: LARGE }), never);
    expect(file.size).toBe(LARGE.length);
    web.requests.length = 0;
    expect((await readAll(file)).equals(LARGE)).toBe(true);
    await file.close();
    expect(web.requests.length).toBeLessThan(6);
  });

  it('is read at any place, by several readers at once', async () => {
    const file = await files().open(put({ bytes: LARGE }), never);
    const at = [4_000_000, 100, 6 * MB - 10, 5 * MB, 64 * 1024 - 3];
    const read = await Promise.all(
      at.map(async (position) => {
        const into = Buffer.alloc(300_000);
        return into.subarray(0, await file.read(into, position, never));
      }),
    );
    for (const [i, bytes] of read.entries()) {
      expect(bytes.equals(LARGE.subarray(at[i], at[i]! + 300_000))).toBe(true);
    }
    await file.close();
  });

  it('a reader that says where it stops gets nothing beyond', async () => {
    const path = put({ bytes: LARGE });
    const all = files();
    await (await all.open(path, never)).close();
    const file = await all.open(path, never);
    web.requests.length = 0;
    for (let at = MB; at < 4 * MB; at += MB) await file.read(Buffer.alloc(MB), at, never, 4 * MB);
    await file.close();
    const ends = web.requests.map((text) => Number(/-(\d+)$/.exec(text)![1]) + 1);
    expect(Math.max(...ends)).toBe(4 * MB);
  });

  it('is read to the end from a server that sends fewer bytes than asked for', async () => {
    const file = await files().open(put({ bytes: LARGE, partBytes: 300_001 }), never);
    expect((await readAll(file)).equals(LARGE)).toBe(true);
    await file.close();
  });

  it('is not read from a server that sends other bytes than asked for', async () => {
    await expect(contentOf(put({ bytes: LARGE, misplaced: true }))).rejects.toMatchObject({
      code: 'input_unreadable',
      message: expect.stringMatching(
        /the server sent "bytes 1-\d+\/6291456" for a range that begins with byte 0/,
      ),
    });
  });

  it('that changes fails its readers, also if the server ignores If-Match', async () => {
    const path = put({ bytes: LARGE, careless: true });
    const file = await files().open(path, never);
    await file.read(Buffer.alloc(100), 0, never, 100);
    put({ bytes: OTHER, careless: true });
    await expect(file.read(Buffer.alloc(MB), 5 * MB, never)).rejects.toMatchObject({
      code: 'dataset_changed',
    });
    await file.close();
  });

  it('goes on after a cut connection where it stopped', async () => {
    const file = await files().open(put({ bytes: LARGE }), never);
    web.cutAfter(50_000, 2);
    const into = Buffer.alloc(300_000);
    await file.read(into, MB, never);
    expect(into.equals(LARGE.subarray(MB, MB + 300_000))).toBe(true);
    await file.close();
  });

  it('that changes while it is read is never mixed', async () => {
    const file = await files().open(put({ bytes: LARGE }), never);
    await file.read(Buffer.alloc(1000), 0, never);
    put({ bytes: OTHER });
    await expect(file.read(Buffer.alloc(1000), 5 * MB, never)).rejects.toMatchObject({
      code: 'dataset_changed',
      message: expect.stringMatching(/rows\.jsonl changed while.*new job/),
    });
    await file.close();
  });

  it('is decompressed once, whatever its name, and keeps the version of the archive', async () => {
    const path = put({ bytes: gzipSync('{"x":1}\n'.repeat(50_000)) });
    expect(await contentOf(path)).toBe('{"x":1}\n'.repeat(50_000));
    const requests = web.requests.length;
    expect(await contentOf(path)).toBe('{"x":1}\n'.repeat(50_000));
    // The version and, in a new process, the first bytes.
    expect(web.requests.length - requests).toBe(2);
    const file = await files().open(path, never);
    expect(file).toMatchObject({ compression: 'gzip', version: expect.stringMatching(/^"\w{16}"$/) });
    await file.close();
    put({ bytes: ZSTD_ROWS });
    expect(await contentOf(path)).toBe(zstdRows());
  });

  it('that does not exist is missed', async () => {
    const path = put({ bytes: LARGE });
    web.files.clear();
    await expect(files().open(path, never)).rejects.toMatchObject({
      code: 'input_not_found',
      message: expect.stringMatching(/rows\.jsonl does not exist/),
    });
  });

  it('may be empty', async () => {
    expect(await contentOf(put({ bytes: Buffer.alloc(0) }))).toBe('');
  });

  it('a reader that gives up ends at once', async () => {
    const file = await files().open(put({ bytes: LARGE }), never);
    const leaving = new AbortController();
    const read = file.read(Buffer.alloc(1000), MB, leaving.signal);
    leaving.abort(new Error('gone'));
    await expect(read).rejects.toThrow('gone');
    expect(await file.read(Buffer.alloc(1000), MB, never)).toBe(1000);
    await file.close();
  });
});

describe('web servers of all kinds', () => {
  const at = (file: WebFile) => {
    web.files.set('/rows', file);
    return `${web.url}/rows?token=secret`;
  };

  it.each([
    ['a weak ETag, which If-Match never matches', { etag: 'weak' }],
    ['no If-Match', { careless: true }],
    ['only Last-Modified', { etag: 'none', headers: { 'last-modified': 'Sun, 01 Nov 2026 10:00:00 GMT' } }],
  ] as const)('%s', async (_, kind) => {
    const file = await files().open(at({ bytes: LARGE, ...kind }), never);
    expect(await file.read(Buffer.alloc(1000), MB, never)).toBe(1000);
    const headers = { 'last-modified': 'Sun, 01 Nov 2026 11:00:00 GMT' };
    at({ ...kind, bytes: OTHER, headers });
    await expect(file.read(Buffer.alloc(1000), 5 * MB, never)).rejects.toMatchObject({
      code: 'dataset_changed',
    });
    await file.close();
  });

  it('without ranges, the file is fetched once', async () => {
    const path = at({ bytes: LARGE, ranges: false });
    const all = files();
    for (let i = 0; i < 2; i++) {
      const file = await all.open(path, never);
      expect((await readAll(file)).equals(LARGE)).toBe(true);
      await file.close();
    }
    expect(web.requests.filter((text) => text === '/rows all')).toHaveLength(1);
    at({ bytes: gzipSync('packed'), ranges: false });
    expect(await contentOf(path)).toBe('packed');
  });

  it('without a version, the file is refused, and no message has the query', async () => {
    const error = await files()
      .open(at({ bytes: LARGE, etag: 'none' }), never)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'input_unreadable',
      message: expect.stringMatching(/neither an ETag nor a Last-Modified/),
    });
    expect(String(error)).not.toMatch(/secret/);
  });

  it.each(['br', 'gzip, gzip', 'unheard-of'])('the encoding %s is refused', async (coding) => {
    const path = at({ bytes: LARGE, headers: { 'content-encoding': coding } });
    await expect(files().open(path, never)).rejects.toMatchObject({
      code: 'input_unreadable',
      message: expect.stringMatching(/content-encoding/),
    });
  });

  it('a gzip that is also labelled so is decompressed once', async () => {
    const headers = { 'content-encoding': 'gzip' };
    expect(await contentOf(at({ bytes: gzipSync('packed'), headers }))).toBe('packed');
  });

  it('private addresses stay closed', async () => {
    const closed = testStores({ fetchAllow: [] });
    await expect(files(MB, closed).open(at({ bytes: LARGE }), never)).rejects.toMatchObject({
      code: 'input_unreadable',
      message: expect.stringMatching(/not a public address/),
    });
    await closed.close();
  });
});

it('a busy store is unavailable for a while, and the error says when to retry', async () => {
  const busy = await serveS3(refusing(503, 'SlowDown', '', { 'retry-after': '3600' }));
  const throttled = testStores({ s3: [s3At(busy.endpoint, { credentials: 'none' })] });
  await expect(files(MB, throttled).open('s3://bucket/rows', never)).rejects.toMatchObject({
    code: 'storage_unavailable',
    retryAfterS: 3600,
  });
  await throttled.close();
  await busy.close();
});

describe('a local file', () => {
  const path = join(dir, 'rows.jsonl');

  it('is read as it is, or decompressed', async () => {
    for (const [bytes, plain] of [
      [Buffer.from('plain'), 'plain'],
      [gzipSync('packed'), 'packed'],
      [ZSTD_ROWS, zstdRows()],
    ] as const) {
      await writeFile(path, bytes);
      await utimes(path, new Date(), new Date(plain.length));
      expect(await contentOf(path)).toBe(plain);
    }
    expect(readdirSync(join(cacheDir, 'files'))).toHaveLength(2);
  });

  it('that changes while it is decompressed is not kept', async () => {
    await writeFile(path, gzipSync('first'));
    const { signal } = new AbortController();
    // Every read begins with this call. The version is known before the first one.
    signal.throwIfAborted = () => writeFileSync(path, gzipSync('other'));
    await expect(files().open(path, signal)).rejects.toMatchObject({ code: 'dataset_changed' });
    expect(readdirSync(join(cacheDir, 'files'))).toEqual([]);
  });

  it('needs only its beginning to be looked at', async () => {
    await writeFile(path, gzipSync(LARGE, { level: 1 }));
    const all = files(MB);
    const head = await all.openHead(path, never);
    expect(head).toMatchObject({ compression: 'gzip', name: path });
    const into = Buffer.alloc(1000);
    expect(await head.read(into, 500, never)).toBe(1000);
    expect(into.equals(LARGE.subarray(500, 1500))).toBe(true);
    await expect(all.open(path, never)).rejects.toMatchObject({ code: 'input_unreadable' });
  });
});

it('an object is not read from a server that ignores ranges', async () => {
  web.files.set('/bucket/rows.jsonl', { bytes: LARGE, ranges: false });
  const file = await files().open('s3://bucket/rows.jsonl', never);
  await expect(file.read(Buffer.alloc(MB), 5 * MB, never)).rejects.toMatchObject({
    code: 'input_unreadable',
    message: 'Cannot read s3://bucket/rows.jsonl: the server ignores the header Range.',
  });
  await file.close();
});

it('a file with an empty ETag has no version', async () => {
  web.files.set('/rows.jsonl', { bytes: LARGE, etag: 'none', headers: { etag: '' } });
  await expect(files().open(`${web.url}/rows.jsonl`, never)).rejects.toThrow('sends neither an ETag');
});
