/** Resolves a URL of a dataset to the location of its bytes. Fetches nothing. */
import type { RowLocation } from './source.ts';

export function locateUrl(url: string): RowLocation {
  return isDataUrl(url) ? DATA_URL : { kind: 'url', url };
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
