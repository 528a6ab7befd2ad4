/** Objects on S3 and on servers that speak its protocol. */
import { ForebayError } from '../../errors.ts';
import { readBody, type ReadLimits } from '../../net/read-body.ts';
import { bodyChunks } from '../body-chunks.ts';
import { gather } from '../gather.ts';
import { parseObjectUrl } from '../object-url.ts';
import { rangeHeader } from '../range-header.ts';
import type { Entry, ObjectInfo, ReadOptions, WritableStore } from '../store.ts';
import { createOrderCheck } from '../remote/listing-order.ts';
import { createS3Client, type S3Client, type S3ClientOptions } from './s3-client.ts';
import { createListPages } from './s3-list-pages.ts';
import { createTrying } from '../remote/trying.ts';
import { createS3Writes } from './s3-writes.ts';

export interface S3StoreOptions extends S3ClientOptions {
  readonly limits: ReadLimits;
}

export interface S3Store extends WritableStore {
  close(): Promise<void>;
}

export function createS3Store(options: S3StoreOptions): S3Store {
  const { timeoutMs, limits } = options;
  const client: S3Client = createS3Client(options);
  const trying = createTrying(timeoutMs);
  const listPages = createListPages(client, trying, limits.maxRatio);

  async function stat(url: string, signal: AbortSignal): Promise<ObjectInfo | null> {
    const object = parseObjectUrl(url);
    try {
      return await trying(signal, async ({ stop }) => {
        const { headers, body } = await client.send({ method: 'HEAD', ...object }, stop);
        await body.dump();
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

  async function open(url: string, { range, version }: ReadOptions, signal: AbortSignal) {
    const headers = { ...rangeHeader(range), ...(version !== undefined && { 'if-match': version }) };
    return client.send({ method: 'GET', ...parseObjectUrl(url), headers }, signal);
  }

  async function* stream(url: string, read: ReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const { range, signal } = read;
    if (range !== undefined && range.to <= range.from) return;
    const limit = range === undefined ? Infinity : range.to - range.from;
    const response = await trying(signal, async ({ stop }) => open(url, read, stop)).catch(emptyPastEnd);
    if (response !== null) yield* bodyChunks(response, { signal, timeoutMs, limit });
  }

  return {
    ...createS3Writes(client, trying, listPages),
    stat,
    stream,
    async read(url, read) {
      const { range, signal } = read;
      if (range !== undefined && range.to <= range.from) return new Uint8Array();
      return trying(signal, async ({ stop }) => {
        const response = await open(url, read, stop).catch(emptyPastEnd);
        if (response === null) return new Uint8Array();
        if (range === undefined) return readBody(response, limits);
        const limit = range.to - range.from;
        return gather(bodyChunks(response, { signal: stop, timeoutMs, limit }), limits.maxBytes);
      });
    },
    async *list(prefix, after, signal) {
      const base = `s3://${parseObjectUrl(prefix).bucket}/`;
      const query = after === null ? {} : { startAfter: after.slice(base.length) };
      const check = createOrderCheck(prefix, after);
      for await (const { objects } of listPages(prefix, query, signal)) {
        for (const { key, size, version } of objects) {
          signal.throwIfAborted();
          const url = base + key;
          // Some servers include the key to start after.
          if (url === after) continue;
          check(url);
          yield { url, size, version } satisfies Entry;
        }
      }
    },
    close: async () => client.close(),
  };
}

/** A range that begins at the end of the object or later is empty. */
function emptyPastEnd(error: unknown): null {
  if (
    error instanceof ForebayError &&
    error.code === 'fetch_status' &&
    /\bInvalidRange\b/.test(error.message)
  )
    return null;
  throw error;
}
