/** Blobs of Azure, and of emulators that speak its protocol. */
import { ForebayError } from '../../errors.ts';
import { readBody, type ReadLimits } from '../../net/read-body.ts';
import type { Attempt } from '../../net/with-deadline.ts';
import { bucketUrl, parseObjectUrl } from '../object-url.ts';
import { checked, checkObject } from '../check-answer.ts';
import { rangeHeader } from '../range-header.ts';
import { createContinuation, type ListingOrder } from '../remote/listing-order.ts';
import { createObjectReads } from '../remote/object-reads.ts';
import { createTrying } from '../remote/trying.ts';
import type { Entry, ReadOptions, WritableStore } from '../store.ts';
import { createAzureClient, type AzureClientOptions, type AzureResponse } from './azure-client.ts';
import { createAzureWrites } from './azure-writes.ts';
import { createBlobPages } from './blob-pages.ts';
import { isFenceHeaders } from './fence.ts';

export interface AzureStoreOptions extends AzureClientOptions {
  readonly limits: ReadLimits;
}

export interface AzureStore extends WritableStore {
  close(): Promise<void>;
}

/** Azure documents only that the order is alphabetical. Accounts with folders list folder by folder. */
const ORDERS: readonly ListingOrder[] = ['bytes', 'folders', 'utf16'];

export function createAzureStore(options: AzureStoreOptions): AzureStore {
  const { timeoutMs, limits } = options;
  const client = createAzureClient(options);
  const trying = createTrying(timeoutMs);
  const pages = createBlobPages(client, trying, limits.maxRatio);

  async function head(url: string, signal: AbortSignal): Promise<AzureResponse | null> {
    const response = await client.send({ method: 'HEAD', ...parseObjectUrl(url) }, signal);
    await response.body.dump();
    return isFenceHeaders(response.headers) ? null : response;
  }

  /** Null: the range begins at the end of the blob or later. */
  async function get(url: string, read: ReadOptions, signal: AbortSignal): Promise<AzureResponse | null> {
    const { range, version } = read;
    const headers = { ...rangeHeader(range), ...(version !== undefined && { 'if-match': version }) };
    const answers = range === undefined ? [] : ['InvalidRange'];
    const response = await client.send({ method: 'GET', ...parseObjectUrl(url), headers, answers }, signal);
    if (response.code === 'InvalidRange') return null;
    if (!isFenceHeaders(response.headers)) return checked(response, () => checkObject(url, response, read));
    await response.body.dump();
    throw new ForebayError('file_not_found', `${url} does not exist`);
  }

  async function getWhole(url: string, version: string | undefined, { stop }: Attempt): Promise<Uint8Array> {
    const response = await get(url, { version, signal: stop }, stop);
    return response === null ? new Uint8Array() : readBody(response, limits);
  }

  return {
    ...createAzureWrites(client, trying, pages),
    ...createObjectReads({ trying, limits, timeoutMs, head, get, getWhole }),
    async *list(prefix, after, signal) {
      const base = bucketUrl(prefix);
      // Azure continues a listing only from a marker that it has issued. So a later listing starts from the beginning.
      const isWanted = createContinuation(prefix, after, ORDERS);
      for await (const { blobs } of pages(prefix, {}, signal)) {
        for (const { name, size, version } of blobs) {
          signal.throwIfAborted();
          const url = base + name;
          if (isWanted(url)) yield { url, size, version } satisfies Entry;
        }
      }
    },
    close: async () => client.close(),
  };
}
