/** Checks that an answer to a GET has what was asked for. Some servers and proxies ignore headers of a request. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { ForebayError } from '../errors.ts';
import type { ReadOptions } from './store.ts';

interface Head {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Throws ForebayError `fetch_unreadable` for other bytes, and `dataset_changed` for another version. The whole object is
 * fine, too, if the range begins with it.
 */
export function checkObject(url: string, answer: Head, { range, version }: Partial<ReadOptions>): void {
  if (answer.statusCode === 200 && range !== undefined && range.from > 0) {
    throw new ForebayError('fetch_unreadable', 'the server ignores the header Range');
  }
  checkRange(answer, range);
  const { etag } = answer.headers;
  if (version === undefined || etag === undefined || plainTag(etag) === plainTag(version)) return;
  throw new ForebayError('dataset_changed', `${url} changed after it was listed`);
}

/** Throws ForebayError `fetch_unreadable` if a part of a file begins elsewhere. */
export function checkRange({ statusCode, headers }: Head, range: ReadOptions['range']): void {
  if (statusCode !== 206 || range === undefined) return;
  const given = headers['content-range'];
  const start = /^bytes (\d+)-/i.exec(given ?? '')?.[1];
  // One part may lack the header, but several parts are not the bytes of the file.
  const isOther =
    start === undefined
      ? String(headers['content-type']).startsWith('multipart/byteranges')
      : Number(start) !== range.from;
  if (!isOther) return;
  throw new ForebayError(
    'fetch_unreadable',
    `the server sent "${(given ?? 'several ranges').slice(0, 100)}" for a range that begins with byte ${range.from}`,
  );
}

/** Closes the connection if the check fails. */
export function checked<T extends Dispatcher.ResponseData>(response: T, check: () => void): T {
  try {
    check();
    return response;
  } catch (error) {
    response.body.on('error', () => {}).destroy();
    throw error;
  }
}

/** Listings and proxies may write the tag of a version in other ways. */
function plainTag(tag: string): string {
  return tag.replace(/^W\//, '').replaceAll('"', '');
}
