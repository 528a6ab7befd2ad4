/**
 * Copies of model folders from object stores. All processes of a machine share them, and may make, use and delete
 * copies at the same time. A copy is complete, because it is renamed into its place, and it never changes.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ForebayError, messageOf } from '../../errors.ts';
import { markMaking, type MakingMark } from '../../file-cache/making-mark.ts';
import { MARK, UNFINISHED } from '../../file-cache/make-room.ts';
import { isMissing } from '../../files/is-missing.ts';
import { retry } from '../../net/retry.ts';
import { createSemaphore } from '../../process/semaphore.ts';
import { storageTrouble } from '../../storage/storage-trouble.ts';
import type { Store } from '../../stores/store.ts';
import { makeRoomForCopy } from './make-room-for-copy.ts';
import { makeView, targetsOf } from './views.ts';
import type { StoredFile, StoredFolder } from './stored-folder.ts';

export interface Copies {
  /** The copy of a folder, which is made if it is not there. Throws ForebayError. */
  copy(folder: StoredFolder, store: Store): Promise<string>;
  /** The copy of a folder. Null if it is not on this machine. */
  find(folder: StoredFolder): Promise<string | null>;
  /** A models folder of links to copies. See views.ts. Throws ForebayError `storage_unavailable`. */
  view(links: ReadonlyMap<string, string>): Promise<string>;
  /** Marks the copies of views as used. Ignores other folders. */
  readonly keep: (dirs: readonly string[]) => Promise<void>;
}

export interface CopiesOptions {
  readonly root: string;
  readonly maxBytes: number;
}

const NEVER = new AbortController().signal;
/** Files that one process fetches at once. */
const AT_ONCE = 4;
/** How often a process looks whether another one has finished a copy. */
const LOOK_MS = 100;
/** Requests for the rest of a file whose body breaks off. The store retries each of them, too. */
const BODIES = 3;
const KEEP_MS = 60_000;

export function createCopies({ root, maxBytes }: CopiesOptions): Copies {
  const atOnce = createSemaphore(AT_ONCE);
  const making = new Map<string, Promise<string>>();
  /** When this process has marked a copy. Monotonic ms. */
  const kept = new Map<string, number>();

  function placeOf(folder: StoredFolder): string {
    const bytes = folder.files.reduce((sum, { size }) => sum + size, 0);
    return join(root, `${folder.key}-${bytes}`);
  }

  /** The copy or view that has this path. */
  function inRoot(path: string): string {
    return join(root, path.slice(root.length + 1).split('/')[0]!);
  }

  async function find(folder: StoredFolder): Promise<string | null> {
    const place = placeOf(folder);
    return (await touch(place)) && (await isWhole(join(place, folder.path), folder))
      ? join(place, folder.path)
      : null;
  }

  async function make(folder: StoredFolder, store: Store): Promise<string> {
    const place = placeOf(folder);
    await mkdir(root, { recursive: true, mode: 0o700 });
    for (;;) {
      const found = await find(folder);
      if (found !== null) return found;
      const mark = await markMaking(place + MARK);
      if (mark === null) await delay(LOOK_MS);
      else {
        try {
          await fetchAll(folder, store, place, mark);
        } finally {
          await mark.remove();
        }
      }
    }
  }

  async function fetchAll(
    folder: StoredFolder,
    store: Store,
    place: string,
    mark: MakingMark,
  ): Promise<void> {
    const own = `${place}.${randomBytes(6).toString('hex')}${UNFINISHED}`;
    await mkdir(join(own, folder.path), { recursive: true, mode: 0o700 });
    try {
      if (!(await makeRoomForCopy(root, maxBytes))) throw full(folder, root, maxBytes);
      const fetched = folder.files.map(async (file) =>
        atOnce.use(async () => fetchFile(file, store, join(own, folder.path, file.path), mark, own)),
      );
      const failed = (await Promise.allSettled(fetched)).find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') throw failed.reason;
      // Another process may have been faster. A damaged copy would stand in the way.
      if (await isWhole(join(place, folder.path), folder)) return;
      await rm(place, { recursive: true, force: true });
      await rename(own, place);
    } finally {
      kept.delete(own);
      await rm(own, { recursive: true, force: true });
    }
  }

  /** Continues where a body breaks off. */
  async function fetchFile(
    { url, size, version }: StoredFile,
    store: Store,
    path: string,
    mark: MakingMark,
    own: string,
  ): Promise<void> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, 'wx', 0o600);
    try {
      let written = 0;
      await retry(
        async () => {
          const range = { from: written, to: size };
          for await (const chunk of store.stream(url, { signal: NEVER, version, range })) {
            for (let done = 0; done < chunk.length;) done += (await file.write(chunk, done)).bytesWritten;
            written += chunk.length;
            await mark.keep();
            await touch(own);
          }
        },
        NEVER,
        { tries: BODIES },
      );
      if (written < size)
        throw new ForebayError('dataset_changed', `${url} is shorter than its listing said`);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /** Marks a copy as used. Returns false if it is gone. */
  async function touch(place: string): Promise<boolean> {
    const last = kept.get(place);
    if (last !== undefined && performance.now() - last < KEEP_MS) return true;
    const now = new Date();
    try {
      await utimes(place, now, now);
    } catch (error) {
      kept.delete(place);
      if (isMissing(error)) return false;
      throw error;
    }
    kept.set(place, performance.now());
    return true;
  }

  return {
    find: async (folder) => find(folder).catch(() => null),
    async copy(folder, store) {
      const place = placeOf(folder);
      const other = making.get(place);
      if (other !== undefined) return other;
      const mine = make(folder, store)
        .catch((error: unknown) => {
          throw storageTrouble(error) === null ? copyError(folder, error) : unwritable(root, error);
        })
        .finally(() => making.delete(place));
      making.set(place, mine);
      return mine;
    },
    view: async (links) =>
      makeView(root, links).catch((error: unknown) => {
        throw storageTrouble(error) === null ? error : unwritable(root, error);
      }),
    async keep(dirs) {
      for (const view of new Set(dirs.filter((dir) => dir.startsWith(`${root}/`)).map(inRoot))) {
        const last = kept.get(view);
        if (last !== undefined && performance.now() - last < KEEP_MS) continue;
        await touch(view);
        for (const target of await targetsOf(view).catch(() => [])) await touch(inRoot(target));
      }
    },
  };
}

/** Whether a copy has all files. A power failure or a cleaning tool may have taken some. */
async function isWhole(dir: string, { files }: StoredFolder): Promise<boolean> {
  const found = await Promise.all(
    files.map(async ({ path, size }) => (await stat(join(dir, path)).catch(() => null))?.size === size),
  );
  return !found.includes(false);
}

function copyError({ url }: StoredFolder, error: unknown): unknown {
  if (!(error instanceof ForebayError)) {
    // A key may be no valid file name. That does not affect other models of the prefix.
    const why = `The model ${url} cannot be copied to this machine: ${messageOf(error)}`;
    return new ForebayError('invalid_model_config', `${why}. Check the names of its objects.`, {
      cause: error,
    });
  }
  if (error.code === 'storage_unavailable') return error;
  const isMoving = error.code === 'dataset_changed' || error.code === 'file_not_found';
  const why = isMoving ? 'its files changed while they were copied' : error.message;
  const code = error.retryable || isMoving ? 'storage_unavailable' : 'invalid_model_config';
  return new ForebayError(code, `The model ${url} cannot be copied to this machine: ${why}.`, {
    cause: error,
  });
}

function full({ url, files }: StoredFolder, root: string, maxBytes: number): ForebayError {
  const mb = (bytes: number) => Math.ceil(bytes / 2 ** 20);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return new ForebayError(
    'storage_unavailable',
    `The model ${url} has ${mb(bytes)} MB, and does not fit into ${root} beside the models in use. Raise FOREBAY_MODEL_CACHE_MB, which is ${mb(maxBytes)}.`,
  );
}

function unwritable(root: string, error: unknown): ForebayError {
  return new ForebayError(
    'storage_unavailable',
    `The folder ${root} cannot hold copies of models: ${messageOf(error)}. Free space there, make it writable, or choose another folder with FOREBAY_CACHE_DIR.`,
    { cause: error },
  );
}
