/** Resolves a URL of a dataset to the location of its bytes. Fetches nothing. */
import { messageOf } from '../errors.ts';
import { isObjectUrl, parseObjectUrl } from '../stores/object-url.ts';
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

/** `data:image/png;base64,...` is the row itself, not its address. */
export function isDataUrl(text: string): boolean {
  return /^data:[\w.+/-]*(?:;[\w.+=-]+)*,/i.test(text);
}

export const DATA_URL: RowLocation = {
  kind: 'invalid',
  reason:
    'a "data:" URL holds the row itself. Send such rows inline (input of type "inline", forebay submit --inline), or write them to files',
};
