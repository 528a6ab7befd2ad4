/** How the objects of a store are read, whatever its protocol: `stat`, `stream` and `read` of Store. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { ForebayError } from '../../errors.ts';
import type { ReadLimits } from '../../net/read-body.ts';
import type { Attempt } from '../../net/with-deadline.ts';
import { bodyChunks } from '../body-chunks.ts';
import { gather } from '../gather.ts';
import type { ObjectInfo, ReadOptions, Store } from '../store.ts';
import type { Trying } from './trying.ts';

export interface ObjectReadsOptions {
  readonly trying: Trying;
  readonly limits: ReadLimits;
  readonly timeoutMs: number;
  /** The answer to a HEAD. Null if there is no object. Rejects with ForebayError, also with `file_not_found`. */
  head(url: string, signal: AbortSignal): Promise<Dispatcher.ResponseData | null>;
  /** The answer to a GET. Null if the range begins at the end of the object or later. Rejects with ForebayError. */
  get(url: string, read: ReadOptions, signal: AbortSignal): Promise<Dispatcher.ResponseData | null>;
  /** The bytes of a whole object. Rejects with ForebayError. */
  getWhole(url: string, version: string | undefined, attempt: Attempt): Promise<Uint8Array>;
}

export function createObjectReads(options: ObjectReadsOptions): Pick<Store, 'read' | 'stat' | 'stream'> {
  const { trying, limits, timeoutMs } = options;
  return {
    async stat(url, signal) {
      try {
        return await trying(signal, async ({ stop }) => {
          const response = await options.head(url, stop);
          return response && infoOf(response.headers);
        });
      } catch (error) {
        if (error instanceof ForebayError && error.code === 'file_not_found') return null;
        throw error;
      }
    },
    async *stream(url, read) {
      const { range, signal } = read;
      if (range !== undefined && range.to <= range.from) return;
      const limit = range === undefined ? Infinity : range.to - range.from;
      const response = await trying(signal, async ({ stop }) => options.get(url, read, stop));
      if (response !== null) yield* bodyChunks(response, { signal, timeoutMs, limit });
    },
    async read(url, read) {
      const { range, signal } = read;
      if (range !== undefined && range.to <= range.from) return new Uint8Array();
      if (range === undefined) {
        return trying(signal, async (attempt) => options.getWhole(url, read.version, attempt));
      }
      return trying(signal, async ({ stop }) => {
        const response = await options.get(url, read, stop);
        if (response === null) return new Uint8Array();
        const limit = range.to - range.from;
        return gather(bodyChunks(response, { signal: stop, timeoutMs, limit }), limits.maxBytes);
      });
    },
  };
}

function infoOf({ 'content-length': length, etag }: IncomingHttpHeaders): ObjectInfo {
  return {
    size: length === undefined ? null : Number(length),
    version: typeof etag === 'string' ? etag : null,
  };
}
