import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCacheBounds } from '#forebay/workers/cache/cache-bounds.js';
import { entryPath, type CachePlace } from '#forebay/workers/cache/cache-place.js';
import { folderPlace } from '#forebay/workers/cache/folder-place.js';
import { createResultCache } from '#forebay/workers/cache/result-cache.js';
import { sweepCache } from '#forebay/workers/cache/sweep-cache.js';
import { recordEvents } from '../../../support/recorded-events.ts';

const KB = 1024;
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'forebay-cache-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const keyOf = (i: number) => String(i).padStart(64, '0');
const pathOf = (i: number) => join(folder, entryPath('default', keyOf(i)));
/** Everything that lies in the cache. */
const files = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

function open({
  maxBytes = 2 ** 30,
  place = folderPlace(folder),
}: { maxBytes?: number; place?: CachePlace } = {}) {
  const events = recordEvents();
  const clock = { now: 1_000_000 };
  const now = () => clock.now;
  const bounds = createCacheBounds({ place, maxBytes, emit: events.emit, now });
  return { cache: createResultCache({ place, bounds, emit: events.emit, now }), bounds, events, clock };
}

it('gives results back unchanged, to their tenant only, and says which are old', async () => {
  const { cache, clock } = open();
  const result = '"label":"gr\u00fcn \u{1f600}"';
  await cache.put('default', keyOf(1), result);
  expect(await cache.get('default', keyOf(1))).toEqual({ result, isOld: false });
  expect(await cache.get('alice', keyOf(1))).toBeNull();
  clock.now += 2 * 3_600_000;
  expect(await cache.get('default', keyOf(1))).toEqual({ result, isOld: true });
  truncateSync(pathOf(1), 20);
  expect(await cache.get('default', keyOf(1))).toBeNull();
});

it('a cache that fails is left alone for 30 s, and one event says so', async () => {
  const { cache, events, clock } = open();
  await cache.put('default', keyOf(1), '"x":1');
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'in the way');
  await Promise.all([2, 3, 4].map(async (i) => cache.put('default', keyOf(i), '"x":1')));
  expect(events.of('cache.failed')).toMatchObject([{ what: 'write', place: folder }]);
  rmSync(folder);
  clock.now += 29_000;
  await cache.put('default', keyOf(5), '"x":1');
  clock.now += 2_000;
  expect(await cache.get('default', keyOf(5))).toBeNull();
  await cache.put('default', keyOf(6), '"x":1');
  expect(files()).toEqual([keyOf(6)]);
});

/** An entry that takes 4 kB, and was last used this many hours ago. */
function entry(i: number, hours: number): void {
  mkdirSync(join(pathOf(i), '..'), { recursive: true });
  writeFileSync(pathOf(i), 'x');
  const time = Date.now() / 1000 - hours * 3600;
  utimesSync(pathOf(i), time, time);
}

it('a sweep removes the entries that were not used for longest, and nothing that is no entry', async () => {
  const hours = [5, 9, 1, 7, 3, 8, 2, 6, 4, 10];
  for (const [i, age] of hours.entries()) entry(i, age);
  writeFileSync(join(folder, 'notes.txt'), 'x'.repeat(100 * KB));
  mkdirSync(join(folder, 'v1/default/thesis'));
  writeFileSync(join(folder, 'v1/default/thesis/draft.txt'), 'mine');
  expect(await sweepCache(folderPlace(folder), 46 * KB)).toMatchObject({ removed: 0, bytes: 40 * KB });
  // 30 kB of 40 kB may stay, so three entries go.
  // Both may find that the other one has removed an entry.
  await Promise.all([1, 2].map(async () => sweepCache(folderPlace(folder), 40 * KB)));
  const left = hours.flatMap((age, i) => (age < 8 ? [keyOf(i)] : []));
  expect(files().toSorted()).toEqual([...left, 'draft.txt', 'notes.txt'].toSorted());
  expect(await sweepCache(folderPlace(folder), 40 * KB)).toEqual({ entries: 7, bytes: 28 * KB, removed: 0 });
  expect(await sweepCache(folderPlace(folder), 24 * KB)).toMatchObject({ removed: 3, bytes: 16 * KB });
});

it('a worker never lets the cache grow beyond its limit, also if others have filled it', async () => {
  for (let i = 0; i < 16; i++) entry(100 + i, 1);
  const { cache, bounds } = open({ maxBytes: 128 * KB });
  for (let i = 0; i < 100; i++) {
    await cache.put('default', keyOf(i), '"x":1');
    expect(files().length * 4 * KB).toBeLessThanOrEqual(128 * KB);
    await bounds.settled();
  }
  expect(await cache.get('default', keyOf(99))).not.toBeNull();
  expect(await cache.get('default', keyOf(100))).toBeNull();
});

it('nothing is written if the cache cannot be swept', async () => {
  const place: CachePlace = {
    ...folderPlace(folder),
    async *entries() {
      yield* [];
      throw new Error('no right to list');
    },
  };
  const { cache, bounds, events } = open({ place });
  await cache.put('default', keyOf(1), '"x":1');
  await bounds.settled();
  await cache.put('default', keyOf(2), '"x":1');
  expect(files()).toEqual([keyOf(1)]);
  expect(events.of('cache.failed')).toEqual([{ what: 'sweep', place: folder, error: 'no right to list' }]);
});
