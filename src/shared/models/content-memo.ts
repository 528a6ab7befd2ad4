/** What was found out about a file's content, for as long as the file's stamp stays the same. */
import { stat } from 'node:fs/promises';

/** A file of a model folder as it was seen. */
export interface ModelFile {
  /** Absolute. */
  readonly path: string;
  /** Device, inode, size, time of change of content and of inode: another stamp may mean another content. */
  readonly stamp: string;
  readonly size: number;
  /** Last change of the inode, ms since the epoch. */
  readonly changedAt: number;
}

/** Follows links. Throws node:fs's errors. */
export async function stampFile(path: string): Promise<ModelFile> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const stamp = [dev, ino, size, mtimeNs, ctimeNs].join(':');
  return { path, stamp, size: Number(size), changedAt: Number(ctimeNs / 1_000_000n) };
}

/**
 * Whether any file is gone or has another stamp: one `stat` per file, nothing is read. A change need not be one of
 * content (a new hard link is none): reading the folder again tells.
 */
export async function haveChanged(files: readonly ModelFile[]): Promise<boolean> {
  const now = await Promise.all(files.map(async ({ path }) => stampFile(path).catch(() => null)));
  return now.some((file, i) => file?.stamp !== files[i]!.stamp);
}

export interface ContentMemo {
  /**
   * `find`'s answer to the question `what` about the files, or the one it gave before: no stamp has changed since, nor
   * `also`, for what else the answer depends on.
   */
  of<T>(what: string, files: readonly ModelFile[], find: () => Promise<T>, also?: string): Promise<T>;
}

/** Two changes within one tick of a file system's clock leave the same stamp. */
const TICK_MS = 100;

export function createContentMemo(): ContentMemo {
  const known = new Map<string, { readonly basis: string; readonly found: Promise<unknown> }>();

  async function of<T>(
    what: string,
    files: readonly ModelFile[],
    find: () => Promise<T>,
    also = '',
  ): Promise<T> {
    const key = JSON.stringify([what, files[0]?.path]);
    const basis = JSON.stringify([files, also]);
    const entry = known.get(key);
    if (entry?.basis === basis) return (await entry.found) as T;
    const found = find();
    const settled = files.every(({ changedAt }) => changedAt < Date.now() - TICK_MS);
    if (settled) {
      const made = { basis, found };
      known.set(key, made);
      found.catch(() => known.get(key) === made && known.delete(key));
    }
    return found;
  }

  return { of };
}
