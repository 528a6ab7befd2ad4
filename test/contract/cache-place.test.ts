// The result cache on each kind of place: a folder, a real S3 server, and Azure's emulator.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stores } from '#forebay/shared/stores/stores.js';
import { createCacheBounds } from '#forebay/workers/cache/cache-bounds.js';
import type { CachePlace, FoundEntry } from '#forebay/workers/cache/cache-place.js';
import { folderPlace } from '#forebay/workers/cache/folder-place.js';
import { objectPlace } from '#forebay/workers/cache/object-place.js';
import { createResultCache } from '#forebay/workers/cache/result-cache.js';
import { sweepCache } from '#forebay/workers/cache/sweep-cache.js';
import { noAzurite, startAzurite } from '../support/azurite.ts';
import { recordEvents } from '../support/recorded-events.ts';
import { noSeaweedfs, startSeaweedfs, type S3Server } from '../support/seaweedfs.ts';
import { azureAt, s3At, testStores } from '../support/stores.ts';

interface Opened {
  readonly place: CachePlace;
  /** Puts a file of somebody else into the cache. Its path is below the place. */
  put(path: string): Promise<void>;
  close(): Promise<void>;
}

const PLACES = [
  { name: 'a folder', skipped: null, open: openFolder },
  { name: 's3', skipped: noSeaweedfs, open: openS3 },
  { name: 'azure', skipped: noAzurite, open: openAzure },
] as const;

async function openFolder(): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), 'forebay-cache-'));
  return {
    place: folderPlace(folder),
    put: async (path) => writeFileSync(join(folder, path), 'mine'),
    close: async () => rmSync(folder, { recursive: true }),
  };
}

async function openS3(): Promise<Opened> {
  const server = await startSeaweedfs('box');
  const { access, secret } = server.variables;
  const credentials = { env: { access_key: access, secret_key: secret } };
  const stores = testStores({ env: server.env, s3: [s3At(server.endpoint, { credentials })] });
  return ofObjects('s3://box/cache/', stores, server);
}

async function openAzure(): Promise<Opened> {
  const server = await startAzurite('box');
  const stores = testStores({ env: server.env, azure: [azureAt(server.endpoint)] });
  return ofObjects('az://box/cache/', stores, server);
}

function ofObjects(prefix: string, stores: Stores, server: Pick<S3Server, 'stop'>): Opened {
  return {
    place: objectPlace(prefix, stores),
    put: async (path) => (await stores.writable(prefix)).put(prefix + path, 'mine'),
    async close() {
      await stores.close();
      await server.stop();
    },
  };
}

const keyOf = (i: number) => i.toString(16).padStart(2, '0').repeat(32);

async function all(place: CachePlace): Promise<FoundEntry[]> {
  const found: FoundEntry[] = [];
  for await (const entry of place.entries()) found.push(entry);
  return found;
}

describe.each(PLACES)('the result cache in $name', ({ skipped, open }) => {
  const title = (text: string) => (skipped === null ? text : `${text} (${skipped})`);
  let opened: Opened;
  beforeAll(async () => {
    if (skipped === null) opened = await open();
  });
  afterAll(async () => opened?.close());

  it.skipIf(skipped !== null)(title('keeps results, and a sweep removes only entries'), async () => {
    const { place } = opened;
    const events = recordEvents();
    const { emit } = events;
    const cache = createResultCache({
      place,
      bounds: createCacheBounds({ place, maxBytes: 2 ** 30, emit }),
      emit,
    });
    expect(await cache.get('default', keyOf(0))).toBeNull();
    const result = `"text":"gr\u00fcn","x":${'1'.repeat(5000)}`;
    await Promise.all(
      [0, 1, 2, 3].map(async (i) => cache.put(i === 3 ? 'alice' : 'default', keyOf(i), result + i)),
    );
    expect(await cache.get('default', keyOf(2))).toEqual({ result: `${result}2`, isOld: false });
    expect(await cache.get('default', keyOf(3))).toBeNull();
    await opened.put('v1/default/readme.txt');
    await opened.put('v1/default/00/readme.txt');
    const entries = await all(place);
    expect(entries).toHaveLength(4);
    for (const { bytes, writtenAt } of entries) {
      expect(bytes).toBeGreaterThan(5000);
      expect(Math.abs(Date.now() - writtenAt)).toBeLessThan(60_000);
    }
    const limit = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(await sweepCache(place, limit)).toMatchObject({ removed: 1, entries: 3 });
    expect(await all(place)).toHaveLength(3);
    await place.remove(entries[0]!.at);
    await place.remove(entries[0]!.at);
    expect(events.of('cache.failed')).toEqual([]);
  });
});
