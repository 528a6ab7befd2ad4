/** Finds the files of a table if a request names several of them: a folder, a prefix of an object store, or a glob. */
import { isAbsolute } from 'node:path';
import { splitGlob } from '../../../../shared/datasets/files/split-glob.ts';
import { pathBelow } from '../../../../shared/datasets/base-path.ts';
import type { PartsSpec } from '../../../../shared/domain/dataset-spec.ts';
import { ForebayError } from '../../../../shared/errors.ts';
import { isObjectUrl } from '../../../../shared/stores/object-url.ts';
import { isWebUrl } from '../../../../shared/stores/remote-url.ts';
import { checkReadable, type InputPaths } from './input-paths.ts';
import type { ObjectInputs } from './object-input.ts';
import { checkGlobs } from './resolve-files.ts';

export type FoundParts = Pick<PartsSpec, 'path' | 'base' | 'parts'>;

interface GivenFiles {
  readonly path: string;
  readonly ignore_case?: boolean | undefined;
}

interface Places {
  readonly paths: InputPaths;
  readonly objects: Pick<ObjectInputs, 'find' | 'check'>;
}

/** Null: the path names one file, or nothing. Rejects as InputResolver.resolve does. */
export async function findParts(
  { paths, objects }: Places,
  { path: given, ignore_case: ignoreCase = false }: GivenFiles,
  tenant: string,
): Promise<FoundParts | null> {
  if (isWebUrl(given)) return null;
  if (!isObjectUrl(given)) return localParts(paths, given, ignoreCase, tenant);
  const found = await objects.find(given, 'object', tenant);
  return 'object' in found ? null : partsAt(found.folder, found.pattern, ignoreCase);
}

async function localParts(
  paths: InputPaths,
  given: string,
  ignoreCase: boolean,
  tenant: string,
): Promise<FoundParts | null> {
  const glob = splitGlob(given);
  // A path that looks like a glob but exists is taken literally.
  if (glob === null || (await paths.exists(paths.absolute(given)))) {
    const found = await paths.find(given, tenant);
    if (!found.isFolder) return null;
    await checkReadable(found);
    return partsAt(found.path, null);
  }
  checkGlobs([glob.pattern], '/input/path', ignoreCase);
  const base = await paths.find(glob.base, tenant);
  if (!base.isFolder) {
    throw new ForebayError('input_not_found', `${base.path} is a file, so nothing matches ${given}.`);
  }
  await checkReadable(base);
  return partsAt(base.path, glob.pattern, ignoreCase);
}

function partsAt(base: string, pattern: string | null, ignoreCase = false): FoundParts {
  if (pattern === null) return { path: base, base, parts: { pattern } };
  return {
    path: pathBelow(base, pattern),
    base,
    parts: { pattern, ...(ignoreCase && { ignore_case: true }) },
  };
}

/** Checks the places of a dataset that comes from a job.json. Rejects as `findParts` does. */
export async function checkParts(
  { paths, objects }: Places,
  { base, path, parts: { pattern } }: FoundParts,
  tenant: string,
): Promise<void> {
  if (path !== partsAt(base, pattern).path) {
    throw new ForebayError(
      'invalid_request',
      `${path} is not below ${base}. Restore the job.json of the output.`,
    );
  }
  if (isObjectUrl(base)) return objects.check({ root: base }, tenant);
  // A URL would be opened as one, whatever folder has its name.
  if (!isAbsolute(base)) throw new ForebayError('invalid_request', `${base} is not an absolute path.`);
  const found = await paths.find(base, tenant);
  if (found.isFolder) return checkReadable(found);
  throw new ForebayError('input_not_found', `${base} is no longer a folder.`);
}
