/** Lists blobs of Azure, page by page. */
import { readBody } from '../../net/read-body.ts';
import { parseObjectUrl } from '../object-url.ts';
import type { Trying } from '../remote/trying.ts';
import type { AzureClient } from './azure-client.ts';
import { readBlobPage, type BlobPage } from './azure-xml.ts';

export interface PageQuery {
  /** Names that have it after the prefix are given as folders. */
  readonly delimiter?: string;
  readonly include?: 'metadata';
}

export type BlobPages = (prefix: string, query: PageQuery, signal: AbortSignal) => AsyncGenerator<BlobPage>;

/** A page has at most 5,000 names of 1,024 characters. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024;

/** `maxRatio`: how many times its size a compressed page may decompress to. */
export function createBlobPages(client: AzureClient, trying: Trying, maxRatio: number): BlobPages {
  return async function* (prefix, query, signal) {
    const { bucket, key } = parseObjectUrl(prefix);
    let place: Readonly<Record<string, string>> = {};
    for (;;) {
      const page = await trying(signal, async ({ stop }) => {
        const all = {
          restype: 'container',
          comp: 'list',
          ...(key !== '' && { prefix: key }),
          ...query,
          ...place,
        };
        const response = await client.send(
          { method: 'GET', bucket, key: null, url: prefix, query: all },
          stop,
        );
        const bytes = await readBody(response, { maxBytes: MAX_PAGE_BYTES, maxRatio });
        return readBlobPage(Buffer.from(bytes).toString('utf8'));
      });
      yield page;
      if (page.next === null) return;
      place = { marker: page.next };
    }
  };
}
