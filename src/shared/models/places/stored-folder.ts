/** Finds the model folders in a listing of an object store. */
import { ForebayError } from '../../errors.ts';
import type { Entry } from '../../stores/store.ts';
import { sha256 } from '../../text/sha256.ts';
import { withoutScheme } from '../../stores/object-url.ts';
import { ALIASES_FILE } from '../aliases.ts';
import { findModelDirs, type ModelDir } from '../model-dirs.ts';

/** A folder in an object store, with all its files. */
export interface StoredFolder {
  readonly url: string;
  readonly place: ModelDir['place'];
  /** Where its files are in a copy. It has the last two names of the URL, because both may name the model: `tiny/2`. */
  readonly path: string;
  readonly files: readonly StoredFile[];
  /** Changes with every file. */
  readonly key: string;
}

export interface StoredFile {
  /** Relative to the folder. */
  readonly path: string;
  readonly url: string;
  readonly size: number;
  /** Its ETag. */
  readonly version: string;
}

export interface StoredListing {
  readonly models: readonly StoredFolder[];
  /** Folders of versions that have aliases, with nothing but the file of the aliases. */
  readonly aliases: readonly StoredFolder[];
  readonly key: string;
}

/** A prefix with more objects holds something else. */
const MAX_OBJECTS = 20_000;

/** `url`: ends with `/`. Throws ForebayError `invalid_model_config`. */
export async function readListing(url: string, entries: AsyncIterable<Entry>): Promise<StoredListing> {
  const files = new Map<string, StoredFile>();
  let seen = 0;
  for await (const entry of entries) {
    if (++seen > MAX_OBJECTS) {
      throw unusable(`${url} holds more than ${MAX_OBJECTS} objects; name a prefix that holds only models`);
    }
    const path = entry.url.slice(url.length);
    if (path.split('/').some((part) => part === '' || part.startsWith('.'))) continue;
    const { size, version } = entry;
    if (size === null || version === null) {
      throw unusable(
        `the server of ${url} lists objects without size or ETag, so changes would go unnoticed`,
      );
    }
    files.set(path, { path, url: entry.url, size, version });
  }
  return foldersOf(url, files);
}

/** `files`: by path below `url`. */
async function foldersOf(url: string, files: ReadonlyMap<string, StoredFile>): Promise<StoredListing> {
  const names = namesByFolder(files.keys());
  const dirs = await findModelDirs('/', async (dir) => [...(names.get(dir) ?? [])]);
  const models = dirs.map(({ dir, place }) => {
    const below = dir === '/' ? '' : `${dir.slice(1)}/`;
    const inside = [...files.values()]
      .filter(({ path }) => path.startsWith(below))
      .map((file) => ({ ...file, path: file.path.slice(below.length) }));
    return folderOf(url + below, place, inside);
  });
  const versioned = new Set(models.flatMap(({ place }) => (place === null ? [] : [place.name])));
  const aliases = [...versioned].flatMap((name) => {
    const file = files.get(`${name}/${ALIASES_FILE}`);
    return file === undefined ? [] : [folderOf(`${url}${name}/`, null, [{ ...file, path: ALIASES_FILE }])];
  });
  return { models, aliases, key: digest([...models, ...aliases].map(({ key }) => key)) };
}

function folderOf(url: string, place: ModelDir['place'], files: readonly StoredFile[]): StoredFolder {
  const names = withoutScheme(url).split('/');
  const path = names
    .filter((name) => name !== '')
    .slice(-2)
    .join('/');
  const key = digest([url, ...files.map((file) => [file.path, file.size, file.version])]);
  return { url, place, path, files, key };
}

/** The names in each folder, as readdir would list them. The root is `/`. */
function namesByFolder(paths: Iterable<string>): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  for (const path of paths) {
    let folder = '';
    for (const name of path.split('/')) {
      const key = folder === '' ? '/' : folder;
      names.set(key, (names.get(key) ?? new Set()).add(name));
      folder += `/${name}`;
    }
  }
  return names;
}

function digest(value: unknown): string {
  return sha256(JSON.stringify(value));
}

function unusable(message: string): ForebayError {
  return new ForebayError('invalid_model_config', message);
}
