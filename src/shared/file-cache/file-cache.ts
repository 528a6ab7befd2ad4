/**
 * Files that are made once per machine: decompressed, or fetched as a whole. All processes of a machine share the folder, and
 * may make, use and delete files at the same time.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ForebayError, messageOf } from '../errors.ts';
import { isMissing } from '../files/is-missing.ts';
import { onAbort } from '../process/on-abort.ts';
import { createSemaphore } from '../process/semaphore.ts';
import { storageTrouble } from '../storage/storage-trouble.ts';
import { sha256 } from '../text/sha256.ts';
import { makeRoom, MARK, UNFINISHED } from './make-room.ts';
import { markMaking } from './making-mark.ts';

export interface Making {
  /** Identifies the content. */
  readonly key: string;
  /** For messages. */
  readonly name: string;
  /** The content. It is read once, and only if no process of this machine has made the file. */
  readonly chunks: () => AsyncIterable<Uint8Array>;
}

export interface FileCache {
  /**
   * The file, open for reading. The caller closes it. Throws ForebayError `input_unreadable` if it is larger than the
   * cache, `storage_unavailable`, and the errors of `chunks`.
   */
  open(making: Making, signal: AbortSignal): Promise<FileHandle>;
}

export interface FileCacheOptions {
  readonly folder: string;
  /** Bytes of all files, also of unfinished ones. */
  readonly maxBytes: number;
}

/** Files that one process makes at once. Each takes a core, and memory for its decompressor. */
const AT_ONCE = 2;
/** How often a process looks whether another one has made a file. */
const LOOK_MS = 100;
/** Space is reserved in steps of this size, or an eighth of the cache. */
const STEP_BYTES = 64 * 1024 * 1024;

export function createFileCache({ folder, maxBytes }: FileCacheOptions): FileCache {
  const atOnce = createSemaphore(AT_ONCE);
  /** What this process is making. */
  const making = new Map<string, Promise<void>>();

  async function find(path: string): Promise<FileHandle | null> {
    const file = await open(path, 'r').catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw unwritable(folder, error);
    });
    const now = new Date();
    await file?.utimes(now, now).catch(() => {});
    return file;
  }

  /** Makes the file, or waits a little if another process is making it. */
  async function make({ name, chunks }: Making, path: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw unwritable(folder, error);
    });
    const mark = await markMaking(path + MARK).catch((error: unknown) => {
      throw unwritable(folder, error);
    });
    if (mark === null) {
      await delay(LOOK_MS);
      return;
    }
    const own = `${path.slice(folder.length + 1)}.${randomBytes(6).toString('hex')}${UNFINISHED}`;
    try {
      await write(join(folder, own), async (put) => {
        let written = 0;
        let reserved = 0;
        for await (const chunk of chunks()) {
          signal.throwIfAborted();
          written += chunk.length;
          if (written > maxBytes) throw tooLarge(name, maxBytes);
          if (written > reserved) {
            reserved = Math.min(maxBytes, written + Math.min(STEP_BYTES, maxBytes / 8));
            if (!(await makeRoom(folder, maxBytes, reserved, own))) throw full(folder);
          }
          await put(chunk);
          await mark.keep();
        }
      });
      await rename(join(folder, own), path);
    } catch (error) {
      signal.throwIfAborted();
      throw storageTrouble(error) === null ? error : unwritable(folder, error);
    } finally {
      await rm(join(folder, own), { force: true });
      await mark.remove();
    }
  }

  return {
    async open(wanted, signal) {
      const path = join(folder, sha256(wanted.key));
      for (;;) {
        signal.throwIfAborted();
        const found = await find(path);
        if (found !== null) return found;
        const other = making.get(path);
        if (other === undefined) {
          const mine = atOnce.use(async () => make(wanted, path, signal));
          making.set(
            path,
            mine.finally(() => making.delete(path)),
          );
        }
        await settledOrAborted(making.get(path)!, signal).catch((error: unknown) => {
          // Another reader may have given up, for reasons of its own.
          if (other === undefined || error instanceof ForebayError) throw error;
        });
      }
    },
  };
}

async function settledOrAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const undo = onAbort(signal, resolve);
    void work.then(resolve, reject).finally(undo);
  });
}

/** Writes a file so that it is complete on disk, even after a power failure. */
async function write(
  path: string,
  fill: (put: (chunk: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await fill(async (chunk) => {
      for (let done = 0; done < chunk.length;) {
        done += (await file.write(chunk, done)).bytesWritten;
      }
    });
    await file.datasync();
  } finally {
    await file.close();
  }
}

function tooLarge(name: string, maxBytes: number): ForebayError {
  return new ForebayError(
    'input_unreadable',
    `${name} does not fit into the file cache, which may have ${Math.floor(maxBytes / 2 ** 20)} MB. Raise FOREBAY_FILE_CACHE_MB, or decompress the file first.`,
  );
}

function full(folder: string): ForebayError {
  return new ForebayError(
    'storage_unavailable',
    `The file cache ${folder} is full of files that are being made. It frees itself. To avoid this, raise FOREBAY_FILE_CACHE_MB.`,
  );
}

function unwritable(folder: string, error: unknown): ForebayError {
  return new ForebayError(
    'storage_unavailable',
    `The file cache ${folder} cannot be used: ${messageOf(error)}. Free space there, make it writable, or choose another folder with FOREBAY_CACHE_DIR.`,
    { cause: error },
  );
}
