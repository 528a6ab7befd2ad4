/**
 * A folder in memory that the API and the workers of one machine share. Large bodies of online requests are files there, so
 * neither Redis nor the worker's main process carries their bytes: a lane reads the file (ADR 43). The API that writes a
 * file removes it. Files of an API that was killed are removed after the longest timeout of a request. Files of others are
 * never touched, because somebody may choose a folder that has some.
 */
import { randomUUID } from 'node:crypto';
import {
  existsSync,
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
  /** Removes files that belong to nobody. */
  sweep(): void;
}

const ID_FILE = 'folder-id';
/** The id of a request has a UUID and may have a priority. */
const BODY = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.\d+)?)\.body$/;
/** Files older than the longest timeout of a request belong to nobody. */
const ABANDONED_MS = 11 * 60_000;
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
  const pathOf = (request: string) => bodyIn(path, request);

  function isAbandoned(request: string): boolean {
    const modified = statSync(pathOf(request), { throwIfNoEntry: false })?.mtimeMs;
    return modified !== undefined && modified < now() - ABANDONED_MS;
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
        writeFileSync(pathOf(request), body, { mode: FILE_MODE });
        return true;
      } catch {
        remove(request);
        return false;
      }
    },
    remove,
    sweep() {
      try {
        for (const name of readdirSync(path)) {
          const request = BODY.exec(name)?.[1];
          if (request !== undefined && isAbandoned(request)) remove(request);
        }
      } catch {
        // Somebody has removed the folder.
      }
    },
  };
}

const bodyIn = (folder: string, request: string) => join(folder, `${request}.body`);

/** Does not write if the folder has an id, because it may be full when a process starts again. */
function idOf(folder: string): string {
  const file = join(folder, ID_FILE);
  if (!existsSync(file)) makeId(folder, file);
  return readFileSync(file, 'utf8');
}

/** Several processes may open a new folder at once. A link appears with its content, and only one of them makes it. */
function makeId(folder: string, file: string): void {
  // If this process is killed meanwhile, the file is swept as a body.
  const own = bodyIn(folder, randomUUID());
  try {
    writeFileSync(own, randomUUID(), { mode: FILE_MODE });
    linkSync(own, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(own, { force: true });
  }
}
