/** Objects on S3 and on servers that speak its protocol. */
import type { Dispatcher } from 'undici';
import { ForebayError } from '../../errors.ts';
import type { ReadLimits } from '../../net/read-body.ts';
import type { Attempt } from '../../net/with-deadline.ts';
import { bucketUrl, parseObjectUrl } from '../object-url.ts';
import { checked, checkObject } from '../check-answer.ts';
import { rangeHeader } from '../range-header.ts';
import type { Entry, ReadOptions, WritableStore } from '../store.ts';
import { createOrderCheck } from '../remote/listing-order.ts';
import { createS3Client, type S3Client, type S3ClientOptions } from './s3-client.ts';
import { createListPages } from './s3-list-pages.ts';
import { createObjectReads } from '../remote/object-reads.ts';
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

  async function head(url: string, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const response = await client.send({ method: 'HEAD', ...parseObjectUrl(url) }, signal);
    await response.body.dump();
    return response;
  }

  /** Null: the range begins at the end of the object or later. */
  async function get(
    url: string,
    read: ReadOptions,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData | null> {
    const { range, version } = read;
    const headers = { ...rangeHeader(range), ...(version !== undefined && { 'if-match': version }) };
    const wanted = { method: 'GET', ...parseObjectUrl(url), headers } as const;
    const response = await client.send(wanted, signal).catch(emptyPastEnd);
    return response && checked(response, () => checkObject(url, response, read));
  }

  async function getWhole(url: string, version: string | undefined, attempt: Attempt): Promise<Uint8Array> {
    const headers = version === undefined ? {} : { 'if-match': version };
    const answer = await client.receive({ method: 'GET', ...parseObjectUrl(url), headers }, limits, attempt);
    checkObject(url, answer, { version });
    return answer.body;
  }

  return {
    ...createS3Writes(client, trying, listPages),
    ...createObjectReads({ trying, limits, timeoutMs, head, get, getWhole }),
    async *list(prefix, after, signal) {
      const base = bucketUrl(prefix);
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
