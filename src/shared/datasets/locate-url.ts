/** Resolves a URL of a dataset to the location of its bytes. Fetches nothing. */
import { messageOf } from '../errors.ts';
import { bucketUrl, isObjectUrl, parseObjectUrl } from '../stores/object-url.ts';
import type { RowLocation } from './source.ts';

export function locateUrl(url: string): RowLocation {
  if (isObjectUrl(url)) return locateObject(url);
  return isDataUrl(url) ? DATA_URL : { kind: 'url', url };
}

/** `version`: the one that the object must still have. Undefined: any. */
export function locateObject(text: string, version?: string): RowLocation {
  try {
    const { url, key } = parseObjectUrl(text);
    if (key === '' || key.endsWith('/')) {
      return { kind: 'invalid', reason: `"${url}" is a prefix, not an object. Name one object` };
    }
    return { kind: 'url', url, ...(version !== undefined && { version }) };
  } catch (error) {
    return { kind: 'invalid', reason: messageOf(error) };
  }
}

/** `base`: `s3://bucket/folder/`. Here `.` and `..` have the meaning that they have in paths. */
export function locateObjectBelow(base: string, path: string): RowLocation {
  if (!/(?:^|\/)\.{1,2}(?:\/|$)/.test(path)) return locateObject(base + path);
  const { bucket, key } = parseObjectUrl(base);
  const parts: string[] = [];
  for (const part of (key + path).split('/')) {
    if (part === '..' && parts.pop() === undefined) {
      return { kind: 'invalid', reason: `"${path}" leads out of the bucket "${bucket}"` };
    }
    if (part !== '.' && part !== '..') parts.push(part);
  }
  return locateObject(bucketUrl(base) + parts.join('/'));
}

/** `data:image/png;base64,...` is the row itself, not its address. */
export function isDataUrl(text: string): boolean {
  return /^data:[\w.+/-]*(?:;[\w.+=-]+)*,/i.test(text);
}

export const DATA_URL: RowLocation = {
  kind: 'invalid',
  reason:
    'a "data:" URL holds the row itself. Send such rows inline (input of type "inline", forebay submit --inline), or write them to files',
};
