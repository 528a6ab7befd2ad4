/** Where archives in object stores and on web servers are, as far as their URL tells. Asks no server. */
import type { ArchiveSpec } from '../../domain/dataset-spec.ts';
import { parseFetchUrl } from '../../net/fetch-url.ts';
import { isObjectUrl, objectFolder, parseObjectUrl } from '../../stores/object-url.ts';
import { folderOfUrl } from '../../stores/remote-url.ts';
import { pathBelow } from '../base-path.ts';
import { splitArchives } from './split-archives.ts';

export type ArchivePlace = Pick<ArchiveSpec, 'path' | 'base' | 'shards'>;

/** Throws ForebayError `invalid_request` for a URL or a pattern that cannot be used, and `url_not_allowed`. */
export function remotePlace(given: string): ArchivePlace {
  const url = given.trim();
  return isObjectUrl(url) ? onS3(url) : onWeb(url);
}

/** One archive. `path`: a valid URL. */
export function oneArchive(path: string): ArchivePlace {
  return { path, base: folderOfUrl(path) };
}

function onS3(url: string): ArchivePlace {
  const named = splitArchives(url);
  if (named === null) return oneArchive(parseObjectUrl(url).url);
  return several(objectFolder(named.folder), named.pattern, named.shards);
}

/** A server cannot list its files, and a query may hold any character. So only braces in the path have a meaning. */
function onWeb(url: string): ArchivePlace {
  const [path = '', query = ''] = url.split(/(?=[?#])(.*)/s, 2);
  const brace = path.search(/[{}]/);
  if (brace < 0) return oneArchive(parseFetchUrl(url).href);
  const slash = path.lastIndexOf('/', brace) + 1;
  // Checks the braces.
  splitArchives(path.slice(slash).replaceAll(/[*[]/g, '-'));
  return several(parseFetchUrl(path.slice(0, slash)).href, path.slice(slash) + query, 'braces');
}

function several(base: string, pattern: string, shards: ArchivePlace['shards']): ArchivePlace {
  return { path: pathBelow(base, pattern), base, ...(shards && { shards }) };
}
