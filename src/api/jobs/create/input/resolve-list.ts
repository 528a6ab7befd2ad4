/**
 * Resolves an input whose rows are in a file: a manifest, or a table. The file is on this machine, in an object store
 * or on a web server.
 */
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { withHead, type ByteFiles } from '../../../../shared/datasets/bytes/byte-file.ts';
import type { ListFiles } from '../../../../shared/datasets/parts/list-parts.ts';
import { readListHead, type GivenList } from '../../../../shared/datasets/list-head.ts';
import { ForebayError } from '../../../../shared/errors.ts';
import { parseFetchUrl } from '../../../../shared/net/fetch-url.ts';
import { isObjectUrl, parseObjectUrl } from '../../../../shared/stores/object-url.ts';
import { folderOfUrl, isRemoteUrl, shownPath } from '../../../../shared/stores/remote-url.ts';
import { ANSWER_MS, askStore } from './ask-store.ts';
import { checkReadable, type InputPaths } from './input-paths.ts';
import type { ObjectInputs } from './object-input.ts';
import type { ResolvedInput } from './resolve-files.ts';

export interface FilePlaces {
  readonly paths: InputPaths;
  readonly objects: Pick<ObjectInputs, 'checkObject'>;
  readonly files: ByteFiles;
}

/** Where inputs may also be several files. */
export interface ListPlaces extends FilePlaces {
  readonly objects: Pick<ObjectInputs, 'checkObject' | 'find' | 'check'>;
  /** Opens folders of files, as far as a tenant may read them. */
  readonly listFiles: (tenant: string) => ListFiles;
}

export interface FoundList {
  readonly path: string;
  /** Where relative paths in it start. */
  readonly base: string;
  /** For messages. */
  readonly name: string;
}

/**
 * Rejects with ForebayError `path_not_allowed`, `url_not_allowed`, `input_not_found`, `input_unreadable`,
 * `invalid_request`, `storage_unavailable`.
 */
export async function resolveManifest(
  places: FilePlaces,
  input: GivenList,
  tenant: string,
): Promise<ResolvedInput> {
  const { name, path, base } = await findList(places, input.path, 'manifest', tenant);
  const { list, compressed } = await askStore(name, ANSWER_MS, async (signal) =>
    withHead(places.files, path, signal, async (file) => {
      const found = await readListHead(file, { ...input, path }, signal);
      return { list: found, compressed: file.compression !== undefined };
    }),
  );
  return { spec: { type: 'manifest', path, base, ...(list && { list }) }, total: null, compressed };
}

/** Finds a file that jobs may read. `what`: what it should be. Rejects as `resolveManifest` does. */
export async function findList(
  places: FilePlaces,
  given: string,
  what: string,
  tenant: string,
): Promise<FoundList> {
  return isRemoteUrl(given) ? remote(places, given, tenant) : local(places.paths, given, what, tenant);
}

/**
 * Jobs may read what is below the roots in object stores, and what the address filter allows on web servers, as for
 * rows.
 */
function remote({ objects }: FilePlaces, given: string, tenant: string): FoundList {
  const path = checkRemote(objects, given, tenant);
  return { path, base: folderOfUrl(path), name: shownPath(path) };
}

/** Checks whether jobs may read this URL, and returns it in its canonical form. Throws as resolveManifest does. */
export function checkRemote(
  objects: Pick<ObjectInputs, 'checkObject'>,
  given: string,
  tenant: string,
): string {
  if (!isObjectUrl(given)) return parseFetchUrl(given.trim()).href;
  const { url, key } = parseObjectUrl(given);
  objects.checkObject(url, tenant);
  if (key !== '' && !key.endsWith('/')) return url;
  throw new ForebayError(
    'input_unreadable',
    `${url} is a prefix, not a file. To read its objects, use {"type":"files"}.`,
  );
}

async function local(paths: InputPaths, given: string, what: string, tenant: string): Promise<FoundList> {
  const found = await paths.find(given, tenant);
  if (found.isFolder) {
    throw new ForebayError(
      'input_unreadable',
      `${found.path} is a folder, not a ${what} file. To read its files, use {"type":"files"}.`,
    );
  }
  await checkReadable(found);
  const base = await realpath(dirname(paths.absolute(given)));
  return { path: found.path, base, name: found.path };
}
