/** The result cache below a prefix of S3 or Azure: one object per entry. */
import { ForebayError } from '../../shared/errors.ts';
import type { WritableStore } from '../../shared/stores/store.ts';
import type { Stores } from '../../shared/stores/stores.ts';
import { ENTRY_NAME, entryPath, SHARD_NAME, VERSION_NAME, type CachePlace } from './cache-place.ts';

/** A store that takes longer is not used for a while. Computing rows is then faster. */
const PATIENCE_MS = 5_000;
/** The longest time of a listing. The store's own tries end before that. */
const LISTING_MS = 3_600_000;

/** `prefix`: ends with a slash. */
export function objectPlace(prefix: string, stores: Pick<Stores, 'writable'>): CachePlace {
  let opened: Promise<WritableStore> | null = null;
  const store = async () => (opened ??= stores.writable(prefix));

  /** Objects and folders below `at` whose names match `name`. */
  async function* below(at: string, name: RegExp) {
    for await (const child of (await store()).children(at, AbortSignal.timeout(LISTING_MS))) {
      if (name.test(child.name)) yield { ...child, url: `${at}${child.name}${child.isFolder ? '/' : ''}` };
    }
  }

  return {
    name: prefix,
    // A write costs as much as a dozen reads.
    renewAfterMs: 24 * 3_600_000,
    atOnce: 32,
    sizeOf: (bytes) => bytes,
    async read(tenant, key) {
      const url = prefix + entryPath(tenant, key);
      const signal = AbortSignal.timeout(PATIENCE_MS);
      try {
        return Buffer.from(await (await store()).read(url, { signal }));
      } catch (error) {
        if (error instanceof ForebayError && error.code === 'file_not_found') return null;
        throw error;
      }
    },
    async write(tenant, key, entry) {
      await inTime((await store()).put(prefix + entryPath(tenant, key), entry));
    },
    async *entries() {
      for await (const version of below(prefix, VERSION_NAME)) {
        for await (const tenant of below(version.url, /^/)) {
          for await (const shard of below(tenant.url, SHARD_NAME)) {
            for await (const { url, bytes, writtenAt, isFolder } of below(shard.url, ENTRY_NAME)) {
              if (!isFolder) yield { at: url, bytes: bytes ?? 0, writtenAt: writtenAt ?? 0 };
            }
          }
        }
      }
    },
    async remove(at) {
      await (await store()).remove(at);
    },
  };
}

/** Stops waiting after PATIENCE_MS, although the store may still finish the work. */
async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`no answer for ${PATIENCE_MS / 1000} s`);
    timer = setTimeout(() => reject(error), PATIENCE_MS);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
