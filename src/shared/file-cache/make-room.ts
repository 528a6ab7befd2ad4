/** Keeps a folder of cached files below a size. The files that were not used for longest are deleted. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export const UNFINISHED = '.tmp';
export const MARK = '.making';
/** An unfinished file that nobody has written to for this long is left over from a dead process. */
const DEAD_MS = 600_000;

/**
 * Deletes files until `bytes` more fit, besides the unfinished file `own`. Returns false if they cannot fit, because other
 * processes are writing. An open file stays readable after it is deleted.
 */
export async function makeRoom(
  folder: string,
  maxBytes: number,
  bytes: number,
  own: string,
): Promise<boolean> {
  const names = (await readdir(folder)).filter((name) => name !== own && !name.endsWith(MARK));
  const found = await Promise.all(names.map(async (name) => look(folder, name)));
  const files = found.filter((file) => file !== null).toSorted((a, b) => a.usedAt - b.usedAt);
  let total = files.reduce((sum, { size }) => sum + size, bytes);
  for (const { path, size, usedAt, unfinished } of files) {
    const isDead = unfinished && Date.now() - usedAt > DEAD_MS;
    if (!isDead && (unfinished || total <= maxBytes)) continue;
    await rm(path, { force: true });
    total -= size;
  }
  return total <= maxBytes;
}

interface CachedFile {
  readonly path: string;
  readonly size: number;
  /** Every use sets the modification time. */
  readonly usedAt: number;
  readonly unfinished: boolean;
}

async function look(folder: string, name: string): Promise<CachedFile | null> {
  const path = join(folder, name);
  const found = await stat(path).catch(() => null);
  return found?.isFile()
    ? { path, size: found.size, usedAt: found.mtimeMs, unfinished: name.endsWith(UNFINISHED) }
    : null;
}
