/** An output on S3 (docs/adr/0024) or Azure (docs/adr/0035). */
import { openStored } from '../../datasets/bytes/stored-file.ts';
import { ForebayError, messageOf } from '../../errors.ts';
import { isPublishedName, MANY_PREFIXES, stagedName, STAGING_NAME, WHOLE_NAMES } from '../output-names.ts';
import { DATA_FOLDER, isFilePath, isPartition, LIST_PREFIX, ROWS_PREFIX } from '../file-names.ts';
import type { Output } from '../output.ts';
import { DELETION_MS, type WritableStore } from '../../stores/store.ts';
import { changeObjects } from './change-objects.ts';
import { checkFencing } from './check-fencing.ts';
import { objectPaths } from './object-paths.ts';
import { publishFileObject } from './publish-file-object.ts';
import { publishObject } from './publish-object.ts';
import { placeStagedErrors, readObject, readStagedErrors } from './staged-errors.ts';
import { discardParts, removeAll, sweepObjects } from './staging-area.ts';

/** A request may be under way for a while before the server looks at its age. */
const FENCE_MS = DELETION_MS + 5_000;

const { signal: never } = new AbortController();
/** A prefix may have millions of the user's own objects. */
const MOST_OTHERS = 1000;

/** Checks each server once. */
export type CheckOnce = (place: string, check: () => Promise<void>) => Promise<void>;

/** `place`: a URL of S3 or Azure that ends in `/`. */
export function createObjectOutput(
  place: string,
  open: () => Promise<WritableStore>,
  checkOnce: CheckOnce,
): Output {
  const paths = objectPaths(place);
  async function use<T>(work: (store: WritableStore) => Promise<T>): Promise<T> {
    try {
      return await work(await open());
    } catch (error) {
      throw storageError(place, error);
    }
  }

  /** All names that Forebay publishes, and at most some of the others. */
  async function names(store: WritableStore): Promise<string[]> {
    const found = new Set<string>();
    let others = 0;
    for await (const { name, isFolder } of store.children(place, never)) {
      const hides = isFolder && name === STAGING_NAME && !(await holdsForeign(store, paths.staging));
      if (!hides) found.add(name);
      if (!isPublishedName(name) && ++others > MOST_OTHERS) break;
    }
    if (others <= MOST_OTHERS) return [...found];
    for (const prefix of [...MANY_PREFIXES, ...WHOLE_NAMES]) {
      for await (const { name } of store.children(paths.url(prefix), never)) {
        if (isPublishedName(name)) found.add(name);
      }
    }
    return [...found];
  }

  return {
    place,
    fenceMs: FENCE_MS,
    pathOf: paths.url,
    async prepare() {
      await use(async (store) => checkOnce(place, async () => checkFencing(store, paths)));
      return async () => {};
    },
    names: async () => use(names),
    read: async (name, most = Infinity) =>
      use(async (store) => {
        const url = paths.url(name);
        try {
          return await readObject(store, url, most);
        } catch (error) {
          if (!(error instanceof ForebayError) || error.code !== 'file_too_large') throw error;
          throw new ForebayError(
            'output_changed',
            `${url} has more than ${most} bytes, so Forebay did not write it.`,
          );
        }
      }),
    open: async (name) =>
      use(async (store) => {
        try {
          const opened = await openStored(store, paths.url(name), never);
          return opened.readable ? opened.file : null;
        } catch (error) {
          if (error instanceof ForebayError && error.code === 'input_not_found') return null;
          throw error;
        }
      }),
    async *list(prefix) {
      try {
        for await (const { name, isFolder, bytes } of (await open()).children(paths.url(prefix), never)) {
          if (!isFolder && bytes !== null) yield { name, bytes };
        }
      } catch (error) {
        throw storageError(place, error);
      }
    },
    putRecord: async (_, name, text) => use(async (store) => store.put(paths.url(name), text)),
    publish: async (part, permit) => use(async (store) => publishObject(store, paths, part, permit)),
    publishFile: async (file, permit) => use(async (store) => publishFileObject(store, paths, file, permit)),
    // An object that a store has accepted is durable.
    syncNames: async () => {},
    filePaths: async () => use(async (store) => filePaths(store, place)),
    dropStaged: async (job, part, hash) =>
      use(async (store) => {
        if (hash === null) return;
        const upload = await readStagedErrors(store, paths, { job, part, hash });
        if (upload === null) return;
        await store.discard(upload);
        await store.remove(paths.stagedErrors(job, part, hash));
      }),
    placeErrors: async (job, part, hash) =>
      use(async (store) => placeStagedErrors(store, paths, { job, part, hash })),
    asOwner: async (owner, act) => use(async (store) => changeObjects(store, paths, owner, act)),
    discardStagedParts: async () => use(async (store) => discardParts(store, paths)),
    removeStaging: async (job) => use(async (store) => removeAll(store, paths, job)),
    sweep: async (job, before) => use(async (store) => sweepObjects(store, paths, job, before)),
  };
}

async function filePaths(store: WritableStore, place: string): Promise<string[]> {
  const paths: string[] = [];
  for (const prefix of [LIST_PREFIX, ROWS_PREFIX]) {
    for await (const { name } of store.children(place + prefix, never)) paths.push(name);
  }
  const data = `${DATA_FOLDER}/`;
  for await (const { name, isFolder } of store.children(place + data, never)) {
    if (!isFolder) paths.push(data + name);
    else if (isPartition(name)) {
      for await (const { name: file } of store.children(`${place}${data}${name}/`, never)) {
        paths.push(`${data}${name}/${file}`);
      }
    }
  }
  return paths.filter(isFilePath);
}

async function holdsForeign(store: WritableStore, staging: string): Promise<boolean> {
  for await (const { name } of store.children(staging, never)) {
    if (stagedName(name) === null && !isPublishedName(name)) return true;
  }
  return false;
}

/**
 * Stores reject with the errors of rows. For an output, these mean that the storage is unavailable, and may come back.
 */
function storageError(place: string, error: unknown): unknown {
  if (!(error instanceof ForebayError)) return error;
  const isOfStore = /^(fetch_|input_|access_denied|file_|dataset_changed)/.test(error.code);
  if (!isOfStore) return error;
  return new ForebayError('storage_unavailable', `Cannot use the output ${place}: ${messageOf(error)}`, {
    cause: error,
    ...(error.retryAfterS !== undefined && { retryAfterS: error.retryAfterS }),
  });
}
