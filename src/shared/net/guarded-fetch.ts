/**
 * Fetches the bytes of a user's URL. Protocols, addresses, redirects, bytes and time are limited, and a host gets requests
 * only while its circuit is closed. Knows nothing of rows or images.
 */
import type { Dispatcher } from 'undici';
import { ForebayError } from '../errors.ts';
import { onAbort } from '../process/on-abort.ts';
import { createAddressFilter } from './address-filter.ts';
import { createCircuitBreaker, type CircuitBreaker } from './circuit-breaker.ts';
import { fetchError, hostVerdict } from './fetch-outcome.ts';
import { parseFetchUrl, parseLocation } from './fetch-url.ts';
import type { GuardedAgent } from './guarded-agent.ts';
import type { LookupAll } from './guarded-connector.ts';
import { limitedChunks, readBody } from './read-body.ts';

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
  readonly close: () => Promise<void>;
}

export type TakeChunk = (chunk: Uint8Array) => Promise<void>;

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Statuses after which the same request may succeed later. */
const TEMPORARY = new Set([408, 425, 429, 500, 502, 503, 504]);
/** The server closed the connection before it answered. Usually a kept-alive connection had just expired. */
const BROKEN = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** `read`: the result of reading the body. `location`: where to redirect to. */
type Answer<T> = { readonly read: T } | { readonly location: string };
type Read<T> = (response: Dispatcher.ResponseData) => Promise<T>;

/** One fetch. `stop` aborts when `caller` aborts or the time is over. */
interface Attempt {
  readonly caller: AbortSignal;
  readonly stop: AbortSignal;
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

  async function get(url: URL, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const client = await open();
    try {
      return await client.get(url, headers, signal);
    } catch (error) {
      if (signal.aborted || !BROKEN.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      return client.get(url, headers, signal);
    }
  }

  async function ask<T>(url: URL, signal: AbortSignal, read: Read<T>): Promise<Answer<T>> {
    const response = await get(url, signal);
    const { statusCode } = response;
    if (statusCode >= 200 && statusCode < 300) return { read: await read(response) };
    await response.body.dump({ limit: 64 * 1024, signal });
    const { location } = response.headers;
    if (REDIRECTS.has(statusCode) && typeof location === 'string') return { location };
    const message = `the server answered with status ${statusCode}`;
    if (!TEMPORARY.has(statusCode)) throw new ForebayError('fetch_status', message);
    throw new ForebayError('fetch_unavailable', message, retryAfter(response.headers['retry-after']));
  }

  /** Sends a request unless the host's circuit is open, and reports the outcome to the breaker. */
  async function askHost<T>(url: URL, { caller, stop }: Attempt, read: Read<T>): Promise<Answer<T>> {
    const { host } = url;
    const openForMs = breaker.openForMs(host);
    if (openForMs > 0) throw circuitOpen(host, openForMs);
    try {
      const answer = await ask(url, stop, read);
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

  async function follow<T>(start: string, attempt: Attempt, read: Read<T>): Promise<T> {
    let url = parseFetchUrl(start);
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      if (httpsOnly && url.protocol !== 'https:')
        throw new ForebayError('url_not_allowed', `only https is fetched here, not ${url.protocol}//`);
      const answer = await askHost(url, attempt, read);
      if ('read' in answer) return answer.read;
      url = parseLocation(answer.location, url);
    }
    throw new ForebayError(
      'fetch_redirects',
      `more than ${MAX_REDIRECTS} redirects, the last one to ${url.href.slice(0, 200)}`,
    );
  }

  async function fetch<T>(url: string, caller: AbortSignal, read: Read<T>): Promise<T> {
    caller.throwIfAborted();
    // AbortSignal.any would leak on Node 20, where a long-lived signal retains all signals that were derived from it.
    const stop = new AbortController();
    const end = () => stop.abort();
    const timer = setTimeout(end, timeoutMs);
    const undo = onAbort(caller, end);
    try {
      return await follow(url, { caller, stop: stop.signal }, read);
    } catch (error) {
      caller.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(timer);
      undo();
    }
  }

  return {
    fetchBytes: async (url, caller) => fetch(url, caller, async (response) => readBody(response, options)),
    fetchChunks: async (url, caller, take) =>
      fetch(url, caller, async (response) => {
        for await (const chunk of limitedChunks(response, options)) await take(chunk);
      }),
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

/** Reads `Retry-After`, which holds seconds or a date. */
function retryAfter(header: string | string[] | undefined): { retryAfterS?: number } {
  if (typeof header !== 'string') return {};
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? { retryAfterS: Math.max(0, seconds) } : {};
}
