/** Resolves a manifest entry (a URL or a path) to the location of its bytes. Touches no file and no network. */
import { fileURLToPath } from 'node:url';
import { locateFile } from '../locate-file.ts';
import type { RowLocation } from '../source.ts';
import { DATA_URL, isDataUrl, locateObject } from '../locate-url.ts';

/** `base`: the absolute folder that relative paths start at. */
export function locateEntry(base: string, uri: string): RowLocation {
  if (isDataUrl(uri)) return DATA_URL;
  if (!uri.includes(':/')) return locateFile(base, uri);
  // A file URL may have a single slash (RFC 8089).
  const scheme = /^(?:([a-z][a-z0-9+.-]*):\/\/|(file):\/)/i
    .exec(uri.trimStart())
    ?.slice(1)
    .find((name) => name !== undefined)
    ?.toLowerCase();
  if (scheme === undefined) return locateFile(base, uri);
  if (scheme === 'http' || scheme === 'https') return { kind: 'url', url: uri };
  if (scheme === 's3') return locateObject(uri);
  if (scheme !== 'file') {
    return {
      kind: 'invalid',
      reason: `"${scheme}://" is not supported. Use a path, s3://, http:// or https://`,
    };
  }
  try {
    return locateFile(base, fileURLToPath(uri.trim()));
  } catch {
    return { kind: 'invalid', reason: 'the file URL does not name a local path' };
  }
}
