/** The contract of every Store: objects by URL, whole, in ranges and in chunks. Those that list do so in one order. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListingStore, Store } from '#forebay/shared/stores/store.js';
import { noAzurite, startAzurite } from '../support/azurite.ts';
import { noSeaweedfs, startSeaweedfs } from '../support/seaweedfs.ts';
import { storesOnAzure, storesOnS3, testStores } from '../support/stores.ts';

/** An implementation that is ready for use. */
interface Place {
  readonly store: Store;
  /** SeaweedFS lists folder by folder. Azurite compares UTF-16. */
  readonly order: 'bytes' | 'folders' | 'utf16';
  /** Null: it cannot list. */
  readonly listing: ListingStore | null;
  /** The URL of a key. */
  url(key: string): string;
  put(key: string, body: string): Promise<void>;
  close(): Promise<void>;
}

interface Implementation {
  readonly name: string;
  /** Null, or the reason for skipping it. */
  readonly skipped: string | null;
  readonly open: () => Promise<Place>;
}

const never = new AbortController().signal;
const BODY = 'The quick brown fox jumps over the lazy dog. '.repeat(4000);

/** Names in which a file system, a URL and an object store differ. */
const KEYS = [
  'list/a b.txt',
  'list/a#1?.txt',
  'list/a%2e%41.txt',
  'list/a+b.txt',
  'list/a-b/1.txt',
  'list/a.txt',
  'list/a/1.txt',
  'list/a/b/2.txt',
  'list/aa.txt',
  'list/b/.hidden',
  'list/\u00e9.txt',
  'list/\uffee.txt',
  'list/\u{1f600}.txt',
];

const IMPLEMENTATIONS: readonly Implementation[] = [
  { name: 'file', skipped: null, open: openFiles },
  { name: 'http', skipped: null, open: openHttp },
  { name: 's3', skipped: noSeaweedfs, open: openS3 },
  { name: 'azure', skipped: noAzurite, open: openAzure },
];

async function openFiles(): Promise<Place> {
  const dir = await mkdtemp(join(tmpdir(), 'forebay-store-'));
  const stores = testStores();
  return {
    store: await stores.of(dir),
    order: 'bytes',
    listing: await stores.listing(dir),
    url: (key) => `${dir}/${key}`,
    async put(key, body) {
      await mkdir(dirname(join(dir, key)), { recursive: true });
      await writeFile(join(dir, key), body);
    },
    async close() {
      await stores.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A web server with ranges and ETags. */
async function openHttp(): Promise<Place> {
  const bodies = new Map<string, { readonly body: Buffer; readonly etag: string }>();
  const server: Server = createServer((request, response) => {
    const found = bodies.get(request.url!);
    if (!found) return response.writeHead(404).end();
    const { body, etag } = found;
    const wanted = request.headers['if-match'];
    if (wanted !== undefined && wanted !== etag) return response.writeHead(412).end();
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    if (from === undefined) return response.writeHead(200, { etag, 'content-length': body.length }).end(body);
    if (Number(from) >= body.length) {
      return response.writeHead(416, { 'content-range': `bytes */${body.length}`, etag }).end();
    }
    const part = body.subarray(Number(from), Number(to) + 1);
    const range = `bytes ${from}-${Number(from) + part.length - 1}/${body.length}`;
    return response.writeHead(206, { etag, 'content-range': range, 'content-length': part.length }).end(part);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pathOf = (key: string) => `/${encodeURIComponent(key)}`;
  const stores = testStores();
  let version = 0;
  return {
    store: await stores.of(base),
    order: 'bytes',
    listing: null,
    url: (key) => base + pathOf(key),
    async put(key, body) {
      bodies.set(pathOf(key), { body: Buffer.from(body), etag: `"${++version}"` });
    },
    async close() {
      await stores.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function openS3(): Promise<Place> {
  const server = await startSeaweedfs('contract');
  const stores = storesOnS3(server);
  return {
    store: await stores.of('s3://contract/'),
    order: 'folders',
    listing: await stores.listing('s3://contract/'),
    url: (key) => `s3://contract/${key}`,
    put: async (key, body) => server.put('contract', key, body),
    async close() {
      await stores.close();
      await server.stop();
    },
  };
}

async function openAzure(): Promise<Place> {
  const server = await startAzurite('contract');
  const stores = storesOnAzure(server);
  return {
    store: await stores.of('az://contract/'),
    order: 'utf16',
    listing: await stores.listing('az://contract/'),
    url: (key) => `az://contract/${key}`,
    put: async (key, body) => server.put('contract', key, body),
    async close() {
      await stores.close();
      await server.stop();
    },
  };
}

for (const { name, skipped, open } of IMPLEMENTATIONS) {
  describe.skipIf(skipped !== null)(`store: ${name} ${skipped ?? ''}`.trim(), () => {
    let place: Place;
    beforeAll(async () => {
      place = await open();
      await place.put('whole.txt', BODY);
      await place.put('empty.txt', '');
    });
    afterAll(async () => place.close());

    const text = async (key: string, range?: { from: number; to: number }) => {
      const bytes = await place.store.read(place.url(key), {
        signal: never,
        ...(range && { range }),
      });
      return Buffer.from(bytes).toString();
    };
    const chunks = async (key: string, signal = never) => {
      const all: Uint8Array[] = [];
      for await (const chunk of place.store.stream(place.url(key), { signal })) all.push(chunk);
      return Buffer.concat(all).toString();
    };

    it('tells size and version, and that an object does not exist', async () => {
      const found = await place.store.stat(place.url('whole.txt'), never);
      expect(found).toMatchObject({ size: BODY.length, version: expect.stringMatching(/./) });
      // Absent means that every object can be read by ranges.
      expect(found?.ranges ?? true).toBe(true);
      expect(await place.store.stat(place.url('empty.txt'), never)).toMatchObject({ size: 0 });
      expect(await place.store.stat(place.url('absent.txt'), never)).toBeNull();
    });

    it('reads whole objects, in one piece and in chunks', async () => {
      expect(await text('whole.txt')).toBe(BODY);
      expect(await chunks('whole.txt')).toBe(BODY);
      expect(await text('empty.txt')).toBe('');
      expect(await chunks('empty.txt')).toBe('');
    });

    it('reads ranges, which may reach past the end', async () => {
      expect(await text('whole.txt', { from: 4, to: 9 })).toBe('quick');
      expect(await text('whole.txt', { from: 0, to: 3 })).toBe('The');
      expect(await text('whole.txt', { from: BODY.length - 5, to: BODY.length + 100 })).toBe(BODY.slice(-5));
      expect(await text('whole.txt', { from: BODY.length, to: BODY.length + 1 })).toBe('');
      expect(await text('whole.txt', { from: 7, to: 7 })).toBe('');
    });

    it('says that an object does not exist', async () => {
      const absent = { code: place.listing === null ? 'fetch_status' : 'file_not_found' };
      await expect(text('absent.txt')).rejects.toMatchObject(absent);
      await expect(chunks('absent.txt')).rejects.toMatchObject(absent);
    });

    it('refuses an object of another version', async () => {
      await place.put('changing.txt', 'one');
      const url = place.url('changing.txt');
      const { version } = (await place.store.stat(url, never))!;
      const read = async () => place.store.read(url, { signal: never, version: version! });
      expect(Buffer.from(await read()).toString()).toBe('one');
      await place.put('changing.txt', 'other');
      await expect(read()).rejects.toMatchObject({ code: 'dataset_changed' });
    });

    it('refuses to hold an object in memory that is larger than its limit', async () => {
      await place.put('large.bin', 'x'.repeat(2 ** 20 + 1));
      await expect(text('large.bin')).rejects.toMatchObject({ code: 'file_too_large' });
      expect(await text('large.bin', { from: 2 ** 20, to: 2 ** 20 + 9 })).toBe('x');
      expect(await chunks('large.bin')).toHaveLength(2 ** 20 + 1);
    });

    it('stops with the reason of the signal', async () => {
      const reason = new Error('enough');
      const stop = new AbortController();
      const reading = (async () => {
        for await (const _ of place.store.stream(place.url('whole.txt'), { signal: stop.signal }))
          stop.abort(reason);
      })();
      await expect(reading).rejects.toBe(reason);
      await expect(chunks('whole.txt', stop.signal)).rejects.toBe(reason);
      await expect(place.store.stat(place.url('whole.txt'), stop.signal)).rejects.toBe(reason);
    });

    it('reads objects whose keys have characters of URLs and of other scripts', async () => {
      for (const key of KEYS) await place.put(key, key);
      for (const key of KEYS) expect(await text(key)).toBe(key);
    });

    it('lists objects in its order, from any key on', async () => {
      if (place.listing === null) return;
      for (const key of KEYS) await place.put(key, key);
      const { listing, order } = place;
      const keysOf = async (prefix: string, after: string | null) => {
        const keys: string[] = [];
        const start = after === null ? null : place.url(after);
        for await (const { url } of listing.list(place.url(prefix), start, never)) {
          keys.push(url.slice(place.url('').length));
        }
        return keys;
      };
      const bytes = (key: string) => Buffer.from(order === 'bytes' ? key : key.replaceAll('/', '\0'));
      const sorted =
        order === 'utf16' ? KEYS.toSorted() : KEYS.toSorted((a, b) => Buffer.compare(bytes(a), bytes(b)));
      expect(await keysOf('list/', null)).toEqual(sorted);
      for (const [i, key] of sorted.entries()) {
        expect(await keysOf('list/', key)).toEqual(sorted.slice(i + 1));
      }
      const absent = 'list/a/a is not there';
      expect(await keysOf('list/', absent)).toEqual(sorted.slice(sorted.indexOf('list/a/b/2.txt')));
      expect(await keysOf('list/a', null)).toEqual(sorted.filter((key) => key.startsWith('list/a')));
      expect(await keysOf('list/a/', null)).toEqual(['list/a/1.txt', 'list/a/b/2.txt']);
      expect(await keysOf('absent/', null)).toEqual([]);
    });

    it('lists sizes, and the versions that it tells', async () => {
      if (place.listing === null) return;
      await place.put('sized/a.txt', 'four');
      for await (const entry of place.listing.list(place.url('sized/'), null, never)) {
        expect(entry).toEqual({
          url: place.url('sized/a.txt'),
          ...(await place.store.stat(place.url('sized/a.txt'), never)),
        });
      }
    });
  });
}
