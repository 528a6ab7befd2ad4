/** Finds archives in object stores and on web servers, and checks whether jobs may read them. */
import {
  oneArchive,
  remotePlace,
  type ArchivePlace,
} from '../../../../shared/datasets/archive/remote-place.ts';
import { bracesOf } from '../../../../shared/datasets/archive/shards.ts';
import { splitArchives } from '../../../../shared/datasets/archive/split-archives.ts';
import { nameBelow } from '../../../../shared/datasets/base-path.ts';
import { ForebayError } from '../../../../shared/errors.ts';
import { parseFetchUrl } from '../../../../shared/net/fetch-url.ts';
import { createTurn } from '../../../../shared/process/event-loop-turn.ts';
import { isObjectUrl, parseObjectUrl } from '../../../../shared/stores/object-url.ts';
import type { ObjectInputs } from './object-input.ts';
import { checkGlobs } from './resolve-files.ts';
import { checkRemote } from './resolve-list.ts';

type Objects = Pick<ObjectInputs, 'find' | 'check' | 'checkObject'>;

/** Rejects as InputResolver.resolve does. */
export async function findRemoteArchives(
  objects: Objects,
  { path: given, ignore_case }: { readonly path: string; readonly ignore_case?: boolean | undefined },
  tenant: string,
): Promise<ArchivePlace> {
  if (!isObjectUrl(given)) return remotePlace(given);
  const found = await objects.find(given, 'object', tenant);
  // A key that looks like a pattern but exists is taken literally.
  if ('object' in found) return oneArchive(found.object);
  const place = remotePlace(given);
  if (found.pattern === null || place.shards === undefined) {
    throw new ForebayError(
      'input_unreadable',
      `${found.folder} is a prefix, not an archive. Name archives in it, such as ${found.folder}*.tar, or read its objects with {"type":"files"}.`,
    );
  }
  if (place.shards === 'glob') {
    checkGlobs([place.path.slice(place.base.length)], '/input/path', ignore_case);
  }
  await checkRemoteArchives(objects, place, tenant);
  return place;
}

/** Checks archives of a job.json. Throws as `findRemoteArchives` does. */
export async function checkRemoteArchives(
  objects: Objects,
  { path, base, shards }: ArchivePlace,
  tenant: string,
): Promise<void> {
  if (shards === undefined) return void checkRemote(objects, path, tenant);
  if (!isObjectUrl(base)) return void parseFetchUrl(base);
  objects.check({ root: base }, tenant);
  // A listing leaves out what belongs to others.
  if (shards === 'glob') return;
  // A job.json may hold anything.
  splitArchives(path);
  const names = bracesOf(nameBelow(base, path));
  const turn = createTurn();
  for (let at = 0; at < names.count; at++) {
    if (turn.isOver()) await turn.next();
    objects.checkObject(parseObjectUrl(base + names.at(at)).url, tenant);
  }
}
