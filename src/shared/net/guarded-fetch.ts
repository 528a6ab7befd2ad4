/**
 * Fetches the bytes of a user's URL within limits: only http(s), only allowed addresses, at most so many
 * redirects, bytes and seconds. Knows nothing of rows or images.
 */
import type { Dispatcher } from 'undici';
import { ForebayError, messageOf } from '../errors.ts';
import { redactUrl } from '../redact-url.ts';
import { createAddressFilter } from './address-filter.ts';
import type { GuardedAgent } from './guarded-agent.ts';
import type { LookupAll } from './guarded-connector.ts';
import { readBody } from './read-body.ts';

export interface GuardedFetchOptions {
  /** See createAddressFilter. */
  readonly allow: readonly string[];
  /** Milliseconds for one URL in all: redirects, headers and body. */
  readonly timeoutMs: number;
  /** Largest body, bytes, decompressed. */
  readonly maxBytes: number;
  /** Times its compressed size that a body may unfold to. */
  readonly maxRatio: number;
  readonly userAgent: string;
  /** Open connections to one host. */
  readonly connectionsPerHost?: number;
  readonly lookup?: LookupAll;
}

export interface GuardedFetch {
  /**
   * Rejects with ForebayError `url_not_allowed`, `fetch_status`, `fetch_unavailable` (a status that may pass), `fetch_timeout`, `file_too_large`, `fetch_inflated`,
   * `fetch_failed`; with the signal's reason when aborted.
   */
  readonly fetchBytes: (url: string, signal: AbortSignal) => Promise<Uint8Array>;
  readonly close: () => Promise<void>;
}

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Statuses that say that the same request may succeed later. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Broken by the other side before an answer: most often a kept-alive connection that had just ended. */
const BROKEN = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const { timeoutMs, lookup, connectionsPerHost = 16 } = options;
  const filter = createAddressFilter(options.allow);
  let agent: Promise<GuardedAgent> | null = null;
  const open = async () =>
    (agent ??= import('./guarded-agent.ts').then(({ createGuardedAgent }) =>
      createGuardedAgent({ filter, timeoutMs, connectionsPerHost, lookup }),
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

  async function follow(start: string, signal: AbortSignal): Promise<Uint8Array> {
    let url = parseUrl(start);
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const response = await get(url, signal);
      const { location } = response.headers;
      if (!REDIRECTS.has(response.statusCode) || typeof location !== 'string')
        return answerOf(response, signal);
      await response.body.dump({ limit: 64 * 1024, signal });
      url = parseUrl(location, url);
    }
    throw new ForebayError('fetch_failed', `more than ${MAX_REDIRECTS} redirects`);
  }

  async function answerOf(response: Dispatcher.ResponseData, signal: AbortSignal): Promise<Uint8Array> {
    if (response.statusCode >= 200 && response.statusCode < 300) return readBody(response, options);
    await response.body.dump({ limit: 64 * 1024, signal });
    const message = `the server answered with status ${response.statusCode}`;
    if (!PASSING.has(response.statusCode)) throw new ForebayError('fetch_status', message);
    throw new ForebayError('fetch_unavailable', message, retryAfter(response.headers['retry-after']));
  }

  return {
    async fetchBytes(url, signal) {
      signal.throwIfAborted();
      // Not AbortSignal.any: on Node 20 its signals stay referenced by a long-lived parent.
      const stop = new AbortController();
      const onAbort = () => stop.abort();
      const timer = setTimeout(onAbort, timeoutMs);
      signal.addEventListener('abort', onAbort);
      try {
        return await follow(url, stop.signal);
      } catch (error) {
        signal.throwIfAborted();
        throw rowErrorOf(error, stop.signal.aborted, timeoutMs);
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      }
    },
    close: async () => (await agent)?.close(),
  };
}

function parseUrl(text: string, base?: URL): URL {
  let url: URL;
  try {
    url = new URL(text, base);
  } catch (error) {
    throw new ForebayError('url_not_allowed', `"${redactUrl(text).slice(0, 200)}" is not a URL`, {
      cause: error,
    });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ForebayError('url_not_allowed', `only http and https are fetched, not ${url.protocol}//`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new ForebayError('url_not_allowed', 'the URL carries a user name or password; use a signed URL');
  }
  return url;
}

/** `Retry-After` in seconds or as a date. */
function retryAfter(header: string | string[] | undefined): { retryAfterS?: number } {
  if (typeof header !== 'string') return {};
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? { retryAfterS: Math.max(0, seconds) } : {};
}

function rowErrorOf(error: unknown, timedOut: boolean, timeoutMs: number): ForebayError {
  if (error instanceof ForebayError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (timedOut || /^UND_ERR_\w+_TIMEOUT$/.test(code)) {
    return new ForebayError('fetch_timeout', `no complete answer within ${timeoutMs} ms`, { cause: error });
  }
  return new ForebayError('fetch_failed', messageOf(error) || code || 'the connection failed', {
    cause: error,
  });
}
