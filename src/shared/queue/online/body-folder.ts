/**
 * A folder in memory that the API and the workers of one machine share. Large bodies of online requests are files there, so
 * neither Redis nor the worker's main process carries their bytes: a lane reads the file (ADR 43). The API that writes a
 * file removes it. Files of an API that was killed are removed after the longest timeout of a request.
 */
import { randomUUID } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { writeInto } from '../../files/folder-trouble.ts';

export interface BodyFolder {
  /** Two processes have the same id if they share the folder. */
  readonly id: string;
  pathOf(request: string): string;
  /** Returns false if the folder has no room. Then the request must pass through Redis. */
  put(request: string, body: Uint8Array): boolean;
  remove(request: string): void;
}

const ID_FILE = 'folder-id';
/** Files older than the longest timeout of a request belong to nobody. */
const ABANDONED_MS = 11 * 60_000;
const SWEEP_MS = 60_000;
/** Only this user's processes may read them. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/**
 * Creates the folder if it does not exist.
 * @throws ForebayError `storage_unavailable`
 */
export function openBodyFolder(dir: string, now?: () => number): BodyFolder;
export function openBodyFolder(dir: string | undefined, now?: () => number): BodyFolder | undefined;
export function openBodyFolder(dir: string | undefined, now = Date.now): BodyFolder | undefined {
  if (dir === undefined) return undefined;
  const path = resolve(dir);
  const id = writeInto({ path, kind: 'online', setting: 'FOREBAY_ONLINE_DIR' }, () => {
    mkdirSync(path, { recursive: true, mode: FOLDER_MODE });
    return idOf(path);
  });
  const pathOf = (request: string) => join(path, request);
  let sweptAt = -Infinity;

  function sweep(): void {
    sweptAt = now();
    for (const name of readdirSync(path)) {
      const file = pathOf(name);
      const modified = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
      if (name !== ID_FILE && modified !== undefined && modified < now() - ABANDONED_MS) remove(name);
    }
  }

  function remove(request: string): void {
    try {
      unlinkSync(pathOf(request));
    } catch {
      // Somebody has emptied the folder.
    }
  }

  return {
    id,
    pathOf,
    put(request, body) {
      try {
        if (now() - sweptAt >= SWEEP_MS) sweep();
        writeFileSync(pathOf(request), body, { mode: FILE_MODE });
        return true;
      } catch {
        remove(request);
        return false;
      }
    },
    remove,
  };
}

/** Several processes may open a new folder at once. A link appears with its content, and only one of them makes it. */
function idOf(folder: string): string {
  const file = join(folder, ID_FILE);
  const own = join(folder, randomUUID());
  writeFileSync(own, randomUUID(), { mode: FILE_MODE });
  try {
    linkSync(own, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(own);
  }
  return readFileSync(file, 'utf8');
}
