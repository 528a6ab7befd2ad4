/** Objects on web servers, read only. guarded-fetch.ts decides which addresses may be reached. */
import type { Dispatcher } from 'undici';
import { ForebayError } from '../../errors.ts';
import type { GuardedFetch } from '../../net/guarded-fetch.ts';
import { codingsOf } from '../../net/read-body.ts';
import { retry } from '../../net/retry.ts';
import { bodyChunks } from '../body-chunks.ts';
import { checked, checkRange } from '../check-answer.ts';
import { gather } from '../gather.ts';
import { rangeHeader, sizeInRange } from '../range-header.ts';
import type { ObjectInfo, ReadOptions, Store } from '../store.ts';

export interface HttpStoreOptions {
  readonly fetch: Pick<GuardedFetch, 'fetchBytes' | 'request'>;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

const MISSING = [404, 410];
const PRECONDITION_FAILED = 412;
const UNSATISFIABLE = 416;

export function createHttpStore({ fetch, timeoutMs, maxBytes }: HttpStoreOptions): Store {
  /** Not HEAD, because signed URLs allow only GET. */
  async function stat(url: string, signal: AbortSignal): Promise<ObjectInfo | null> {
    const ask = { headers: { range: 'bytes=0-0' }, accept: [...MISSING, UNSATISFIABLE] };
    return fetch.request(url, signal, ask, async (response) => {
      response.body.on('error', () => {}).destroy();
      if (MISSING.includes(response.statusCode)) return null;
      checkCoding(response);
      return { size: sizeOf(response), version: versionOf(response), ranges: response.statusCode !== 200 };
    });
  }

  async function* stream(url: string, options: ReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const { signal, range, version } = options;
    if (range !== undefined && range.to <= range.from) return;
    const ask = {
      headers: { ...rangeHeader(range), ...(version?.startsWith('"') && { 'if-match': version }) },
      accept: [PRECONDITION_FAILED, UNSATISFIABLE],
    };
    const response = await fetch.request(url, signal, ask, async (answer) =>
      checked(answer, () => checkRange(answer, range)),
    );
    const { statusCode } = response;
    if (statusCode === PRECONDITION_FAILED || statusCode === UNSATISFIABLE) {
      response.body.on('error', () => {}).destroy();
      if (statusCode === PRECONDITION_FAILED) throw changed(url);
      return;
    }
    // Not every server knows `If-Match`, and no weak ETag matches it.
    if (version !== undefined && (versionOf(response) ?? version) !== version) {
      response.body.on('error', () => {}).destroy();
      throw changed(url);
    }
    // A server without ranges sends everything.
    let skip = statusCode === 206 ? 0 : (range?.from ?? 0);
    const limit = range === undefined ? Infinity : range.to - range.from + skip;
    for await (const chunk of bodyChunks(response, { signal, timeoutMs, limit })) {
      const rest = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - rest.length;
      if (rest.length > 0) yield rest;
    }
  }

  return {
    stat: async (url, signal) => retry(async () => stat(url, signal), signal),
    stream,
    async read(url, options) {
      const { signal, range, version } = options;
      const whole = range === undefined && version === undefined;
      return retry(
        async () => (whole ? fetch.fetchBytes(url, signal) : gather(stream(url, options), maxBytes)),
        signal,
      );
    },
  };
}

/** The bytes are read as they come, and their reader knows these compressions. */
const CODINGS = ['gzip', 'x-gzip', 'zstd'];

function checkCoding({ headers }: Dispatcher.ResponseData): void {
  const [name, ...more] = codingsOf(String(headers['content-encoding'] ?? ''));
  if (name === undefined || (more.length === 0 && CODINGS.includes(name))) return;
  throw new ForebayError(
    'fetch_unreadable',
    `the server sends it with the content-encoding "${[name, ...more].join(', ').slice(0, 100)}"; known are ${CODINGS.join(', ')}`,
  );
}

function sizeOf({ statusCode, headers }: Dispatcher.ResponseData): number | null {
  if (statusCode !== 200) return sizeInRange(headers['content-range']);
  return headers['content-length'] === undefined ? null : Number(headers['content-length']);
}

function versionOf({ headers }: Dispatcher.ResponseData): string | null {
  const { etag } = headers;
  const modified = headers['last-modified'];
  if (typeof etag === 'string' && etag !== '') return etag;
  return typeof modified === 'string' ? modified : null;
}

function changed(url: string): ForebayError {
  return new ForebayError('dataset_changed', `${url} changed after it was listed`);
}
