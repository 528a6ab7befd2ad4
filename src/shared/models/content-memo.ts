/** Remembers facts about the content of files, as long as each file's stamp stays the same. */
import { stat } from 'node:fs/promises';

/** A file of a model folder as it was read. */
export interface ModelFile {
  /** Absolute. */
  readonly path: string;
  /** Device, inode, size, and the times of the last change of content and inode. A new stamp may mean new content. */
  readonly stamp: string;
  readonly size: number;
  /** Last change of the inode, in ms since the epoch. */
  readonly changedAt: number;
}

/** Follows links. Throws node:fs's errors. */
export async function stampFile(path: string): Promise<ModelFile> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const stamp = [dev, ino, size, mtimeNs, ctimeNs].join(':');
  return { path, stamp, size: Number(size), changedAt: Number(ctimeNs / 1_000_000n) };
}

/**
 * Whether any file is gone or has another stamp. Costs one `stat` per file and reads nothing. The content may still be
 * the same, for example after a new hard link. Only reading the folder again shows that.
 */
export async function haveChanged(files: readonly ModelFile[]): Promise<boolean> {
  const now = await Promise.all(files.map(async ({ path }) => stampFile(path).catch(() => null)));
  return now.some((file, i) => file?.stamp !== files[i]!.stamp);
}

export interface ContentMemo {
  /**
   * Returns `find`'s answer to the question `what` about the files. Reuses the last answer if no stamp has changed, and
   * `also` is the same. `also` stands for everything else that the answer depends on.
   */
  of<T>(what: string, files: readonly ModelFile[], find: () => Promise<T>, also?: string): Promise<T>;
}

/** Two changes within one tick of the file system's clock may leave the same stamp. */
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
