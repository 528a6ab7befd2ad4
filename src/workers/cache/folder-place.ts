/** The result cache in a folder. All workers that see the folder share it. */
import { randomBytes } from 'node:crypto';
import { mkdir, opendir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMissing, noneIfMissing, nullIfMissing } from '../../shared/files/is-missing.ts';
import {
  ENTRY_NAME,
  entryPath,
  SHARD_NAME,
  VERSION_NAME,
  type CachePlace,
  type FoundEntry,
} from './cache-place.ts';

/** File systems allocate space in pieces of this size. */
const PIECE_BYTES = 4096;
const UNFINISHED = /^[0-9a-f]{64}\.[0-9a-f]{12}\.tmp$/;
/** An unfinished file of this age is left over from a dead process. */
const DEAD_MS = 600_000;

export function folderPlace(folder: string): CachePlace {
  const pathOf = (tenant: string, key: string) => join(folder, entryPath(tenant, key));

  async function look(path: string): Promise<FoundEntry | null> {
    const found = await stat(path).catch(nullIfMissing);
    if (found === null) return null;
    return { at: path, bytes: sizeOf(found.size), writtenAt: found.mtimeMs };
  }

  return {
    name: folder,
    renewAfterMs: 3_600_000,
    atOnce: 16,
    sizeOf,
    read: async (tenant, key) => readFile(pathOf(tenant, key)).catch(nullIfMissing),
    async write(tenant, key, entry) {
      const path = pathOf(tenant, key);
      const unfinished = `${path}.${randomBytes(6).toString('hex')}.tmp`;
      const write = async () => writeFile(unfinished, entry, { flag: 'wx', mode: 0o600 });
      try {
        await write().catch(async (error: unknown) => {
          if (!isMissing(error)) throw error;
          await mkdir(dirname(path), { recursive: true, mode: 0o700 });
          await write();
        });
        await rename(unfinished, path);
      } catch (error) {
        await rm(unfinished, { force: true });
        throw error;
      }
    },
    async *entries() {
      for await (const version of namesIn(folder, VERSION_NAME)) {
        for await (const tenant of namesIn(version, /^/)) {
          for await (const shard of namesIn(tenant, SHARD_NAME)) {
            for await (const path of namesIn(shard, /^/)) {
              const name = path.slice(shard.length + 1);
              const found = ENTRY_NAME.test(name) || UNFINISHED.test(name) ? await look(path) : null;
              if (found === null) continue;
              if (ENTRY_NAME.test(name)) yield found;
              else if (Date.now() - found.writtenAt > DEAD_MS) await rm(path, { force: true });
            }
          }
        }
      }
    },
    remove: async (at) => rm(at, { force: true }),
  };
}

function sizeOf(bytes: number): number {
  return Math.ceil(bytes / PIECE_BYTES) * PIECE_BYTES;
}

/** Paths of the files and folders in a folder whose names match `name`. Follows no link out of the cache. */
async function* namesIn(folder: string, name: RegExp): AsyncGenerator<string> {
  const found = await opendir(folder).catch(noneIfMissing);
  for await (const entry of found) {
    if (!entry.isSymbolicLink() && name.test(entry.name)) yield join(folder, entry.name);
  }
}
