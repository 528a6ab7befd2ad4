/** The last listing of a prefix, on disk. With it, a process that starts while the store is down serves the copies. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256 } from '../../text/sha256.ts';
import type { StoredListing } from './stored-folder.ts';

export interface LastListing {
  /** A listing that cannot be written is not kept. */
  write(listing: StoredListing): Promise<void>;
  /** Null if there is none. */
  read(): Promise<StoredListing | null>;
}

const FOLDERS = z.array(
  z.object({
    url: z.string(),
    place: z.object({ name: z.string(), version: z.string() }).nullable(),
    path: z.string(),
    files: z.array(z.object({ path: z.string(), url: z.string(), size: z.number(), version: z.string() })),
    key: z.string().regex(/^[0-9a-f]{64}$/),
  }),
);
const FILE = z.object({ v: z.literal(1), models: FOLDERS, aliases: FOLDERS, key: z.string() });

export function createLastListing({ root, url }: { root: string; url: string }): LastListing {
  const path = join(root, `${sha256(url)}.json`);

  return {
    async write(listing) {
      const own = `${path}.${randomUUID()}`;
      try {
        await mkdir(root, { recursive: true, mode: 0o700 });
        await writeFile(own, JSON.stringify({ v: 1, ...listing }), { mode: 0o600 });
        await rename(own, path);
      } catch {
        // The copies themselves report that the folder cannot be used.
      }
    },
    async read() {
      try {
        return FILE.parse(JSON.parse(await readFile(path, 'utf8')));
      } catch {
        return null;
      }
    },
  };
}
