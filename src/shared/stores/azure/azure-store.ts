/** Blobs of Azure, and of emulators that speak its protocol. */
import { ForebayError } from '../../errors.ts';
import { readBody, type ReadLimits } from '../../net/read-body.ts';
import { bodyChunks } from '../body-chunks.ts';
import { gather } from '../gather.ts';
import { bucketUrl, parseObjectUrl } from '../object-url.ts';
import { rangeHeader } from '../range-header.ts';
import { createContinuation, type ListingOrder } from '../remote/listing-order.ts';
import { createTrying } from '../remote/trying.ts';
import type { Entry, ObjectInfo, ReadOptions, WritableStore } from '../store.ts';
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

  async function stat(url: string, signal: AbortSignal): Promise<ObjectInfo | null> {
    const blob = parseObjectUrl(url);
    try {
      return await trying(signal, async ({ stop }) => {
        const { headers, body } = await client.send({ method: 'HEAD', ...blob }, stop);
        await body.dump();
        if (isFenceHeaders(headers)) return null;
        const length = headers['content-length'];
        const { etag } = headers;
        return {
          size: length === undefined ? null : Number(length),
          version: typeof etag === 'string' ? etag : null,
        };
      });
    } catch (error) {
      if (error instanceof ForebayError && error.code === 'file_not_found') return null;
      throw error;
    }
  }

  /** Null: the range begins at the end of the blob or later. */
  async function open(
    url: string,
    { range, version }: ReadOptions,
    signal: AbortSignal,
  ): Promise<AzureResponse | null> {
    const headers = { ...rangeHeader(range), ...(version !== undefined && { 'if-match': version }) };
    const answers = range === undefined ? [] : ['InvalidRange'];
    const response = await client.send({ method: 'GET', ...parseObjectUrl(url), headers, answers }, signal);
    if (response.code === 'InvalidRange') return null;
    if (!isFenceHeaders(response.headers)) return response;
    await response.body.dump();
    throw new ForebayError('file_not_found', `${url} does not exist`);
  }

  async function* stream(url: string, read: ReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const { range, signal } = read;
    if (range !== undefined && range.to <= range.from) return;
    const limit = range === undefined ? Infinity : range.to - range.from;
    const response = await trying(signal, async ({ stop }) => open(url, read, stop));
    if (response !== null) yield* bodyChunks(response, { signal, timeoutMs, limit });
  }

  return {
    ...createAzureWrites(client, trying, pages),
    stat,
    stream,
    async read(url, read) {
      const { range, signal } = read;
      if (range !== undefined && range.to <= range.from) return new Uint8Array();
      return trying(signal, async ({ stop }) => {
        const response = await open(url, read, stop);
        if (response === null) return new Uint8Array();
        if (range === undefined) return readBody(response, limits);
        const limit = range.to - range.from;
        return gather(bodyChunks(response, { signal: stop, timeoutMs, limit }), limits.maxBytes);
      });
    },
    async *list(prefix, after, signal) {
      const base = bucketUrl(prefix);
      // Azure continues only a listing that it has begun itself. So a later one begins anew.
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
