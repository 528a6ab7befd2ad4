/** Resolves an input of files whose path is a URL of S3: a prefix, a single object, or a glob. */
import { listingFor } from '../../../../shared/datasets/listing/listing-rule.ts';
import { splitGlob } from '../../../../shared/datasets/files/split-glob.ts';
import type { DatasetSpec } from '../../../../shared/domain/dataset-spec.ts';
import { ForebayError } from '../../../../shared/errors.ts';
import { createObjectRule, type ObjectRoots } from '../../../../shared/stores/object-roots.ts';
import { objectFolder, parseObjectUrl } from '../../../../shared/stores/object-url.ts';
import type { Stores } from '../../../../shared/stores/stores.ts';
import { ANSWER_MS, askStore } from './ask-store.ts';
import {
  checkGlobs,
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
  /** Throws ForebayError `path_not_allowed` if jobs may not read this object. `url`: from parseObjectUrl. */
  checkObject(url: string, tenant: string): void;
  /** Checks a dataset that comes from a job.json. Throws ForebayError `path_not_allowed`, `invalid_request`. */
  check(dataset: Extract<DatasetSpec, { type: 'files' }>, tenant: string): void;
}

export function createObjectInputs({
  stores,
  timeoutMs = ANSWER_MS,
  ...allowed
}: ObjectInputOptions): ObjectInputs {
  const mayRead = createObjectRule(allowed);

  function checkAllowed(url: string, tenant: string): void {
    if (mayRead(url, tenant)) return;
    const roots = allowed.objectRoots.join(', ') || '(no prefix of S3)';
    throw new ForebayError(
      'path_not_allowed',
      `${url} is not under an input root, or among the results of other tenants. Inputs on S3 are read from: ${roots}. Put the data there, or add its prefix to FOREBAY_INPUT_ROOTS.`,
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
  async function literal(
    path: string,
    tenant: string,
  ): Promise<{ readonly folder: string } | { readonly object: string } | null> {
    const { url, key } = parseObjectUrl(path);
    const folder = objectFolder(path);
    // Without this, a caller could find out what lies outside the roots.
    if (!mayRead(folder, tenant)) checkAllowed(url, tenant);
    if (mayRead(folder, tenant) && (await holdsAny(folder))) return { folder };
    if (!key.endsWith('/') && key !== '' && mayRead(url, tenant) && (await exists(url)))
      return { object: url };
    return key === '' ? { folder } : null;
  }

  return {
    async resolve(input, { taskInput, tenant }) {
      const { include = [], exclude = [] } = input;
      checkGlobs(include, '/input/include');
      checkGlobs(exclude, '/input/exclude');
      const listing = listingFor(taskInput);
      const glob = splitGlob(input.path);
      const found = glob !== null && !isInBucket(glob.base) ? null : await literal(input.path, tenant);
      if (found === null && glob !== null) {
        if (include.length > 0) throw twoGlobs();
        checkGlobs([glob.pattern], '/input/path');
        const root = objectFolder(glob.base);
        checkAllowed(root, tenant);
        if (!(await holdsAny(root))) throw notThere(root);
        return { spec: { type: 'files', root, include: [glob.pattern], exclude, listing }, total: null };
      }
      if (found === null) throw notThere(input.path);
      if ('folder' in found) {
        return { spec: { type: 'files', root: found.folder, include, exclude, listing }, total: null };
      }
      const slash = found.object.lastIndexOf('/') + 1;
      const root = found.object.slice(0, slash);
      return {
        spec: { type: 'files', root, include: [], exclude: [], only: found.object.slice(slash) },
        total: 1,
      };
    },
    checkObject: checkAllowed,
    check({ root, only }, tenant) {
      checkAllowed(parseObjectUrl(only === undefined ? objectFolder(root) : root + only).url, tenant);
    },
  };
}

/** Whether a glob names its bucket. If not, parseObjectUrl refuses the base. */
function isInBucket(base: string): boolean {
  return /^\s*s3:\/\/[^/]/i.test(base);
}

function notThere(url: string): ForebayError {
  return new ForebayError(
    'input_not_found',
    `There is no object ${url}, and none below it. Keys are case-sensitive and are not percent-encoded.`,
  );
}
