/** URLs of files that are on other machines: in object stores and on web servers. Pure. */
import { redactUrl } from '../text/redact-url.ts';
import { isObjectUrl } from './object-url.ts';

export function isWebUrl(text: string): boolean {
  return /^\s*https?:\/\//i.test(text);
}

export function isRemoteUrl(text: string): boolean {
  return isObjectUrl(text) || isWebUrl(text);
}

/** The folder of a file, which ends with `/`. `url`: valid. */
export function folderOfUrl(url: string): string {
  if (isWebUrl(url)) return new URL('.', url).href;
  return url.slice(0, url.lastIndexOf('/') + 1);
}

/** A path or URL for messages. The query of a web server may hold a secret. A key of an object store may have a "?". */
export function shownPath(path: string): string {
  return isWebUrl(path) ? redactUrl(path) : path;
}
