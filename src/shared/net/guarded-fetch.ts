/**
 * Fetches the bytes of a user's URL. Protocols, addresses, redirects, bytes and time are limited, and a host gets requests
 * only while its circuit is closed. Knows nothing of rows or images.
 */
import type { Dispatcher } from 'undici';
import { ForebayError } from '../errors.ts';
import { createAddressFilter } from './address-filter.ts';
import { createCircuitBreaker, type CircuitBreaker } from './circuit-breaker.ts';
import { fetchError, hostVerdict } from './fetch-outcome.ts';
import { parseFetchUrl, parseLocation } from './fetch-url.ts';
import type { GuardedAgent } from './guarded-agent.ts';
import type { LookupAll } from './guarded-connector.ts';
import { isSuccess } from './is-success.ts';
import { limitedChunks, readBody } from './read-body.ts';
import { isTemporary } from './temporary-status.ts';
import { retryAfter } from './retry-after.ts';
import { withDeadline, type Attempt } from './with-deadline.ts';

export interface GuardedFetchOptions {
  /** See createAddressFilter. */
  readonly allow: readonly string[];
  /** Milliseconds for one URL, including redirects, headers and body. */
  readonly timeoutMs: number;
  /** Largest decompressed body, in bytes. */
  readonly maxBytes: number;
  /** Largest decompressed body, as a multiple of its compressed size. */
  readonly maxRatio: number;
  readonly userAgent: string;
  /** Milliseconds for a handshake, for headers, and between two chunks. Default: `timeoutMs`. */
  readonly stallMs?: number;
  /** Refuses http, also in redirects. Default: both are fetched. */
  readonly httpsOnly?: boolean;
  /** Open connections to one host. */
  readonly connectionsPerHost?: number;
  readonly lookup?: LookupAll;
  /** Keeps the circuits of all hosts. Default: a separate breaker. */
  readonly breaker?: CircuitBreaker;
}

export interface GuardedFetch {
  /**
   * Rejects with ForebayError, or with the signal's reason when aborted. A retry can help after `fetch_unavailable` (a
   * temporary status, or an open circuit), `fetch_timeout` and `fetch_failed`. It cannot help after `url_not_allowed`,
   * `fetch_status`, `fetch_redirects`, `fetch_tls`, `fetch_unreadable`, `fetch_inflated` and `file_too_large`.
   */
  readonly fetchBytes: (url: string, signal: AbortSignal) => Promise<Uint8Array>;
  /** The same, but hands each chunk of the body to `take` instead of keeping it. */
  readonly fetchChunks: (url: string, signal: AbortSignal, take: TakeChunk) => Promise<void>;
  /** Sends a GET and returns what `read` makes of the response. `read` consumes or destroys the body. */
  readonly request: <T>(url: string, signal: AbortSignal, ask: Ask, read: ReadResponse<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

export type TakeChunk = (chunk: Uint8Array) => Promise<void>;
export type ReadResponse<T> = (response: Dispatcher.ResponseData) => Promise<T>;

export interface Ask {
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses besides 2xx that are not errors. */
  readonly accept?: readonly number[];
}

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** The server closed the connection before it answered. Usually a kept-alive connection had just expired. */
const BROKEN = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** `read`: the result of reading the body. `location`: where to redirect to. */
type Answer<T> = { readonly read: T } | { readonly location: string };

/** What to send, and how to read the response. */
interface Exchange<T> extends Ask {
  readonly read: ReadResponse<T>;
}

export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const {
    timeoutMs,
    stallMs = timeoutMs,
    httpsOnly = false,
    lookup,
    connectionsPerHost = 16,
    breaker = createCircuitBreaker(),
  } = options;
  const filter = createAddressFilter(options.allow, 'FOREBAY_FETCH_ALLOW');
  let agent: Promise<GuardedAgent> | null = null;
  const open = async () =>
    (agent ??= import('./guarded-agent.ts').then(({ createGuardedAgent }) =>
      createGuardedAgent({ filter, timeoutMs: stallMs, connectionsPerHost, lookup }),
    ));
  const headers = { 'user-agent': options.userAgent, accept: '*/*', 'accept-encoding': 'identity' };

  async function get(
    url: URL,
    signal: AbortSignal,
    more: Ask['headers'] = {},
  ): Promise<Dispatcher.ResponseData> {
    const client = await open();
    const all = { ...headers, ...more };
    try {
      return await client.get(url, all, signal);
    } catch (error) {
      if (signal.aborted || !BROKEN.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      return client.get(url, all, signal);
    }
  }

  async function ask<T>(url: URL, signal: AbortSignal, exchange: Exchange<T>): Promise<Answer<T>> {
    const { accept = [], read } = exchange;
    const response = await get(url, signal, exchange.headers);
    const { statusCode } = response;
    if (isSuccess(statusCode) || accept.includes(statusCode)) {
      return { read: await read(response) };
    }
    await response.body.dump({ limit: 64 * 1024, signal });
    const { location } = response.headers;
    if (REDIRECTS.has(statusCode) && typeof location === 'string') return { location };
    const message = `the server answered with status ${statusCode}`;
    if (!isTemporary(statusCode)) throw new ForebayError('fetch_status', message);
    throw new ForebayError('fetch_unavailable', message, retryAfter(response.headers['retry-after']));
  }

  /** Sends a request unless the host's circuit is open, and reports the outcome to the breaker. */
  async function askHost<T>(url: URL, { caller, stop }: Attempt, exchange: Exchange<T>): Promise<Answer<T>> {
    const { host } = url;
    const openForMs = breaker.openForMs(host);
    if (openForMs > 0) throw circuitOpen(host, openForMs);
    try {
      const answer = await ask(url, stop, exchange);
      breaker.succeeded(host);
      return answer;
    } catch (thrown) {
      if (caller.aborted) {
        breaker.abandoned(host);
        throw thrown;
      }
      const error = fetchError(thrown, stop.aborted, timeoutMs);
      const verdict = hostVerdict(error);
      if (verdict === 'failed') breaker.failed(host);
      else if (verdict === 'answered') breaker.succeeded(host);
      else breaker.abandoned(host);
      throw error;
    }
  }

  async function follow<T>(start: string, attempt: Attempt, exchange: Exchange<T>): Promise<T> {
    let url = parseFetchUrl(start);
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      if (httpsOnly && url.protocol !== 'https:')
        throw new ForebayError('url_not_allowed', `only https is fetched here, not ${url.protocol}//`);
      const answer = await askHost(url, attempt, exchange);
      if ('read' in answer) return answer.read;
      url = parseLocation(answer.location, url);
    }
    throw new ForebayError(
      'fetch_redirects',
      `more than ${MAX_REDIRECTS} redirects, the last one to ${url.href.slice(0, 200)}`,
    );
  }

  async function exchangeWith<T>(url: string, caller: AbortSignal, exchange: Exchange<T>): Promise<T> {
    return withDeadline(timeoutMs, caller, async (attempt) => follow(url, attempt, exchange));
  }

  return {
    fetchBytes: async (url, caller) =>
      exchangeWith(url, caller, { read: async (response) => readBody(response, options) }),
    fetchChunks: async (url, caller, take) =>
      exchangeWith(url, caller, {
        async read(response) {
          for await (const chunk of limitedChunks(response, options)) await take(chunk);
        },
      }),
    request: async (url, caller, asked, read) => exchangeWith(url, caller, { ...asked, read }),
    close: async () => (await agent)?.close(),
  };
}

function circuitOpen(host: string, openForMs: number): ForebayError {
  return new ForebayError(
    'fetch_unavailable',
    `${host} has failed many times in a row, so it gets no requests for the next ${Math.ceil(openForMs / 1000)} s`,
    { retryAfterS: openForMs / 1000 },
  );
}
