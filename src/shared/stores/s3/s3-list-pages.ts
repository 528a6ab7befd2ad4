/** Lists objects of S3, page by page. */
import { readBody } from '../../net/read-body.ts';
import { parseObjectUrl } from '../object-url.ts';
import type { S3Client } from './s3-client.ts';
import type { Trying } from '../remote/trying.ts';
import { readListPage, type ListPage } from './s3-list-page.ts';

export interface ListQuery {
  /** Keys that have it after the prefix are given as folders. */
  readonly delimiter?: string;
  /** The first page begins after this key. */
  readonly startAfter?: string;
}

export type ListPages = (prefix: string, query: ListQuery, signal: AbortSignal) => AsyncGenerator<ListPage>;

/** A page has at most 1,000 keys of 1,024 bytes, with their ETags and dates. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;
const PAGE_KEYS = '1000';

/** `maxRatio`: how many times its size a compressed page may decompress to. */
export function createListPages(client: S3Client, trying: Trying, maxRatio: number): ListPages {
  return async function* (prefix, { delimiter, startAfter }, signal) {
    const { bucket, key } = parseObjectUrl(prefix);
    const listing = {
      'list-type': '2',
      'encoding-type': 'url',
      'max-keys': PAGE_KEYS,
      prefix: key,
      ...(delimiter !== undefined && { delimiter }),
    };
    let place: Readonly<Record<string, string>> =
      startAfter === undefined ? {} : { 'start-after': startAfter };
    for (;;) {
      const query = { ...listing, ...place };
      const page = await trying(signal, async ({ stop }) => {
        const response = await client.send({ method: 'GET', bucket, key: null, url: prefix, query }, stop);
        const bytes = await readBody(response, { maxBytes: MAX_PAGE_BYTES, maxRatio });
        return readListPage(Buffer.from(bytes).toString('utf8'));
      });
      yield page;
      if (page.next === null) return;
      place = { 'continuation-token': page.next };
    }
  };
}
