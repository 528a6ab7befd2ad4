/** Resolves a manifest entry (a URL or a path) to the location of its bytes. Touches no file and no network. */
import { fileURLToPath } from 'node:url';
import { locateFile } from '../locate-file.ts';
import type { RowLocation } from '../source.ts';
import { isObjectUrl } from '../../stores/object-url.ts';
import { DATA_URL, isDataUrl, locateObject, locateObjectBelow } from '../locate-url.ts';

/** `base`: the absolute folder that relative paths start at, or the URL of one. */
export function locateEntry(base: string, uri: string): RowLocation {
  if (isDataUrl(uri)) return DATA_URL;
  if (!uri.includes(':/')) return locatePath(base, uri);
  // A file URL may have a single slash (RFC 8089).
  const scheme = /^(?:([a-z][a-z0-9+.-]*):\/\/|(file):\/)/i
    .exec(uri.trimStart())
    ?.slice(1)
    .find((name) => name !== undefined)
    ?.toLowerCase();
  if (scheme === undefined) return locatePath(base, uri);
  if (scheme === 'http' || scheme === 'https') return { kind: 'url', url: uri };
  if (isObjectUrl(uri)) return locateObject(uri);
  if (scheme !== 'file') {
    return {
      kind: 'invalid',
      reason: `"${scheme}://" is not supported. Use a path, s3://, az://, http:// or https://`,
    };
  }
  try {
    return locateFile('/', fileURLToPath(uri.trim()));
  } catch {
    return { kind: 'invalid', reason: 'the file URL does not name a local path' };
  }
}

/** An absolute path is on this machine, wherever the list is. */
function locatePath(base: string, path: string): RowLocation {
  if (base.startsWith('/') || path.startsWith('/')) return locateFile(base, path);
  if (isObjectUrl(base)) return locateObjectBelow(base, path);
  // Resolved like a link on a web page. Without "./", the path "a:b" would be a URL with the scheme "a".
  return { kind: 'url', url: new URL(`./${path}`, base).href };
}
