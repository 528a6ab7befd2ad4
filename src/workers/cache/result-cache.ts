/**
 * The result cache as a worker sees it. After a failure, the worker does not use the cache for a while. The failure
 * does not fail any job, because its rows are computed instead.
 */
import { messageOf } from '../../shared/errors.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { createSemaphore } from '../../shared/process/semaphore.ts';
import type { CacheBounds } from './cache-bounds.ts';
import { encodeEntry, parseEntry } from './cache-entry.ts';
import type { CachePlace } from './cache-place.ts';
import type { RowKey } from './row-key.ts';

export interface CachedResult {
  /** See RowOutcome. */
  readonly result: string;
  /** It was written long ago. Write it again, so that it stays. */
  readonly isOld: boolean;
}

export interface ResultCache {
  /** Null: the cache does not have it, or cannot be read. Never rejects. */
  get(tenant: string, key: RowKey): Promise<CachedResult | null>;
  /** Settles when the entry is written or left out. Never rejects. */
  put(tenant: string, key: RowKey, result: string): Promise<void>;
}

/** How long a cache that has failed is not used. */
const REST_MS = 30_000;
/** A larger entry would push out too many others. */
const MOST_BYTES = 4 * 1024 * 1024;

export function createResultCache(deps: {
  place: CachePlace;
  bounds: Pick<CacheBounds, 'mayWrite'>;
  emit: Emit;
  now?: () => number;
}): ResultCache {
  const { place, bounds, emit, now = Date.now } = deps;
  const reads = createSemaphore(place.atOnce);
  const writes = createSemaphore(place.atOnce);
  let restsUntil = 0;

  /** Null if the cache rests or fails. Only the first failure is an event, because many rows may wait for the same store. */
  async function using<T>(what: 'read' | 'write', work: () => Promise<T>): Promise<T | null> {
    if (now() < restsUntil) return null;
    try {
      return await work();
    } catch (error) {
      if (now() >= restsUntil) emit('cache.failed', { what, place: place.name, error: messageOf(error) });
      restsUntil = now() + REST_MS;
      return null;
    }
  }

  return {
    async get(tenant, key) {
      if (now() < restsUntil) return null;
      const found = await reads.use(async () => using('read', async () => place.read(tenant, key)));
      const entry = found === null ? null : parseEntry(key, found);
      return entry && { result: entry.result, isOld: now() - entry.at > place.renewAfterMs };
    },
    async put(tenant, key, result) {
      if (now() < restsUntil) return;
      const entry = encodeEntry(key, { result, at: now() });
      if (entry.length > MOST_BYTES || !bounds.mayWrite(place.sizeOf(entry.length))) return;
      await writes.use(async () => using('write', async () => place.write(tenant, key, entry)));
    },
  };
}
