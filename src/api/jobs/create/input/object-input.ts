/** Resolves an input of files whose path is the URL of an object store: a prefix, a single object, or a glob. */
import { listingFor } from '../../../../shared/datasets/listing/listing-rule.ts';
import { splitGlob } from '../../../../shared/datasets/files/split-glob.ts';
import type { FilesSpec } from '../../../../shared/domain/dataset-spec.ts';
import { ForebayError } from '../../../../shared/errors.ts';
import { createObjectRule, type ObjectRoots } from '../../../../shared/stores/object-roots.ts';
import { isObjectUrl, objectFolder, parseObjectUrl } from '../../../../shared/stores/object-url.ts';
import type { Stores } from '../../../../shared/stores/stores.ts';
import { ANSWER_MS, askStore } from './ask-store.ts';
import {
  checkGlobs,
  globsOf,
  twoGlobs,
  type FilesInput,
  type ResolvedInput,
  type Resolving,
} from './resolve-files.ts';

export interface ObjectInputOptions extends ObjectRoots {
  readonly stores: Pick<Stores, 'listing'>;
  /** For one question to a store, with all retries. A client waits for the answer. */
  readonly timeoutMs?: number;
}

export interface ObjectInputs {
  /**
   * Rejects with ForebayError `path_not_allowed`, `input_not_found`, `input_unreadable`, `invalid_request`,
   * `storage_unavailable`.
   */
  resolve(input: FilesInput, of: Resolving): Promise<ResolvedInput>;
  /**
   * What a path names: one object, or those below a folder whose names match a pattern (null: all of them). Rejects as
   * `resolve` does.
   */
  find(path: string, first: Sought, tenant: string): Promise<FoundObjects>;
  /** Throws ForebayError `path_not_allowed` if jobs may not read this object. `url`: from parseObjectUrl. */
  checkObject(url: string, tenant: string): void;
  /** Checks a dataset that comes from a job.json. Throws ForebayError `path_not_allowed`, `invalid_request`. */
  check(dataset: Pick<FilesSpec, 'root' | 'only'>, tenant: string): void;
}

/** What is looked for first. */
export type Sought = 'folder' | 'object';

export type FoundObjects =
  | { readonly object: string }
  | { readonly folder: string; readonly pattern: string | null };

export function createObjectInputs({
  stores,
  timeoutMs = ANSWER_MS,
  ...allowed
}: ObjectInputOptions): ObjectInputs {
  const mayRead = createObjectRule(allowed);

  function checkAllowed(url: string, tenant: string): void {
    if (mayRead(url, tenant)) return;
    const roots = allowed.objectRoots.join(', ') || '(no prefix of S3 or Azure)';
    throw new ForebayError(
      'path_not_allowed',
      `${url} is not under an input root, or among the results of other tenants. Objects are read from: ${roots}. Put the data there, or add its prefix to FOREBAY_INPUT_ROOTS.`,
    );
  }

  async function holdsAny(folder: string): Promise<boolean> {
    return askStore(folder, timeoutMs, async (signal) => {
      for await (const _ of (await stores.listing(folder)).list(folder, null, signal)) return true;
      return false;
    });
  }

  async function exists(url: string): Promise<boolean> {
    return askStore(
      url,
      timeoutMs,
      async (signal) => (await (await stores.listing(url)).stat(url, signal)) !== null,
    );
  }

  /** What the path names if it is taken literally. Null: nothing. */
  async function literal(path: string, first: Sought, tenant: string): Promise<FoundObjects | null> {
    const { url, key } = parseObjectUrl(path);
    const folder = objectFolder(path);
    // Without this, a caller could find out what lies outside the roots.
    if (!mayRead(folder, tenant)) checkAllowed(url, tenant);
    const isObject = async () =>
      !key.endsWith('/') && key !== '' && mayRead(url, tenant) && (await exists(url))
        ? { object: url }
        : null;
    const isFolder = async () =>
      mayRead(folder, tenant) && (await holdsAny(folder)) ? { folder, pattern: null } : null;
    const [one, other] = first === 'folder' ? [isFolder, isObject] : [isObject, isFolder];
    return (await one()) ?? (await other()) ?? (key === '' ? { folder, pattern: null } : null);
  }

  async function find(path: string, first: Sought, tenant: string): Promise<FoundObjects> {
    const glob = splitGlob(path);
    const found = glob !== null && !isInBucket(glob.base) ? null : await literal(path, first, tenant);
    if (found !== null) return found;
    if (glob === null) throw notThere(path);
    checkGlobs([glob.pattern], '/input/path');
    const folder = objectFolder(glob.base);
    checkAllowed(folder, tenant);
    if (!(await holdsAny(folder))) throw notThere(folder);
    return { folder, pattern: glob.pattern };
  }

  return {
    async resolve(input, { taskInput, tenant }) {
      const globs = globsOf(input);
      const listing = listingFor(taskInput);
      const found = await find(input.path, 'folder', tenant);
      if ('folder' in found) {
        const { folder: root, pattern } = found;
        if (pattern !== null && globs.include.length > 0) throw twoGlobs();
        const include = pattern === null ? globs.include : [pattern];
        return { spec: { type: 'files', root, ...globs, include, listing }, total: null };
      }
      const slash = found.object.lastIndexOf('/') + 1;
      const root = found.object.slice(0, slash);
      return {
        spec: { type: 'files', root, include: [], exclude: [], only: found.object.slice(slash) },
        total: 1,
      };
    },
    find,
    checkObject: checkAllowed,
    check({ root, only }, tenant) {
      checkAllowed(parseObjectUrl(only === undefined ? objectFolder(root) : root + only).url, tenant);
    },
  };
}

/** Whether a glob names its bucket. If not, parseObjectUrl refuses the base. */
function isInBucket(base: string): boolean {
  return isObjectUrl(base) && /:\/\/[^/]/.test(base);
}

function notThere(url: string): ForebayError {
  return new ForebayError(
    'input_not_found',
    `There is no object ${url}, and none below it. Keys are case-sensitive and are not percent-encoded.`,
  );
}
