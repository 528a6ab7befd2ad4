/** From a row's reference to where its bytes are, for every kind of dataset. Pure: touches no file and no net. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DatasetSpec } from '../domain/dataset-spec.ts';
import type { RowRef } from '../domain/row.ts';
import { InvariantError } from '../errors.ts';
import type { RowLocation } from './source.ts';

const INVALID = 'invalid:';

/** The `RowRef.at` of a row that cannot be read, whatever the dataset; the row ends as `invalid_row`. */
export function invalidAt(reason: string): string {
  return INVALID + reason;
}

/** The `RowRef.at` of bytes in a dataset's blob file. */
export function blobAt(offset: number, length: number): string {
  return `${offset}+${length}`;
}

export function locateRow(spec: DatasetSpec, ref: RowRef): RowLocation {
  if (ref.at?.startsWith(INVALID) === true) return { kind: 'invalid', reason: ref.at.slice(INVALID.length) };
  switch (spec.type) {
    case 'files':
      return locatePath(spec.root, ref.id);
    case 'urls':
      return isDataUrl(ref.id) ? DATA_URL : { kind: 'url', url: ref.id };
    case 'inline':
      return locateBlob(spec.blob, ref);
    case 'manifest':
      return locateUri(spec.base, ref.at ?? ref.id);
    case 'failed':
      return locateRow(spec.of, ref);
  }
}

function locatePath(base: string, path: string): RowLocation {
  if (path.includes('\0'))
    return {
      kind: 'invalid',
      reason: 'the path holds a NUL character; if the list is UTF-16, save it as UTF-8',
    };
  return { kind: 'file', path: joined(base, path) };
}

/** Something for `resolve` to do: a part that is empty, `.` or `..`. */
const UNEVEN = /(?:^|\/)\.{1,2}(?:\/|$)|\/(?:\/|$)|^$/;

/** As `resolve(base, path)`, which takes each of thousands of rows a second 1 us and a kilobyte. */
function joined(base: string, path: string): string {
  if (UNEVEN.test(path)) return resolve(base, path);
  if (path.startsWith('/')) return path;
  return base.startsWith('/') && !UNEVEN.test(base) ? `${base}/${path}` : resolve(base, path);
}

/** `data:image/png;base64,...`: the row itself, not where it is. */
function isDataUrl(text: string): boolean {
  return /^data:[\w.+/-]*(?:;[\w.+=-]+)*,/i.test(text);
}

const DATA_URL: RowLocation = {
  kind: 'invalid',
  reason:
    'a "data:" URL holds the row itself: send such rows inline (input of type "inline", forebay submit --inline), or write them to files',
};

/** A manifest's entry: http(s) URL, file URL, or path. Other schemes are not known (yet). */
function locateUri(base: string, uri: string): RowLocation {
  if (isDataUrl(uri)) return DATA_URL;
  if (!uri.includes('://')) return locatePath(base, uri);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(uri.trimStart())?.[1]?.toLowerCase();
  if (scheme === undefined) return locatePath(base, uri);
  if (scheme === 'http' || scheme === 'https') return { kind: 'url', url: uri };
  if (scheme !== 'file') {
    return { kind: 'invalid', reason: `"${scheme}://" is not supported; use a path, http:// or https://` };
  }
  try {
    return locatePath(base, fileURLToPath(uri.trim()));
  } catch {
    return { kind: 'invalid', reason: 'the file URL does not name a local path' };
  }
}

function locateBlob(path: string, ref: RowRef): RowLocation {
  const [, offset, length] = /^(\d+)\+(\d+)$/.exec(ref.at ?? '') ?? [];
  if (offset === undefined || length === undefined) throw new InvariantError(`inline row at "${ref.at}"`);
  return { kind: 'blob', path, offset: Number(offset), length: Number(length) };
}
