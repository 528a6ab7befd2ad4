import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ForebayError } from '#forebay/shared/errors.js';
import { createCircuitBreaker } from '#forebay/shared/net/circuit-breaker.js';
import { createGuardedFetch, type GuardedFetch } from '#forebay/shared/net/guarded-fetch.js';
import { retry, type RetryOptions } from '#forebay/shared/net/retry.js';

const never = new AbortController().signal;
let server: Server | null = null;
let guarded: GuardedFetch | null = null;
let requests = 0;
afterEach(async () => {
  await guarded?.close();
  server?.closeAllConnections();
  await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
});

/** A server on loopback. The n-th handler answers the n-th request, and the last one all further requests. */
async function serving(...handlers: RequestListener[]): Promise<string> {
  requests = 0;
  server = createServer((request, response) => {
    const handler = handlers[Math.min(requests, handlers.length - 1)]!;
    requests += 1;
    handler(request, response);
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const ok: RequestListener = (_, response) => response.end('here');
const status =
  (code: number, headers = {}): RequestListener =>
  (_, response) =>
    response.writeHead(code, headers).end();
const cut: RequestListener = (request) => request.socket.destroy();

function open(tries = 4, breaker = createCircuitBreaker()) {
  guarded = createGuardedFetch({
    allow: ['127.0.0.1'],
    timeoutMs: 20_000,
    maxBytes: 2 ** 24,
    maxRatio: 200,
    userAgent: 'forebay/test',
    breaker,
  });
  return retrying(guarded.fetchBytes, { tries, firstPauseMs: 1, maxPauseMs: 50 });
}

function retrying(fetchBytes: GuardedFetch['fetchBytes'], options: RetryOptions): GuardedFetch['fetchBytes'] {
  return async (url, signal) => retry(async () => fetchBytes(url, signal), signal, options);
}

describe('a temporary failure', () => {
  it.each([
    ['429', status(429)],
    ['500', status(500)],
    ['503 that asks for no pause', status(503, { 'retry-after': '0' })],
    ['504', status(504)],
    ['a cut connection', cut],
  ])('%s is retried until it passes', async (_, trouble) => {
    // If a connection is cut, the underlying client itself repeats the request once, because a kept-alive connection
    // may have ended.
    const url = await serving(trouble, trouble, ok);
    expect(Buffer.from(await open()(url, never)).toString()).toBe('here');
  });

  it('ends with the error of the last attempt', async () => {
    const url = await serving(status(503));
    await expect(open(3)(url, never)).rejects.toMatchObject({
      code: 'fetch_unavailable',
      message: 'the server answered with status 503',
    });
    expect(requests).toBe(3);
  });

  it('is final if the server asks for too long a pause', async () => {
    const url = await serving(status(503, { 'retry-after': '3600' }));
    await expect(open()(url, never)).rejects.toMatchObject({ code: 'fetch_unavailable', retryAfterS: 3600 });
    expect(requests).toBe(1);
  });

  it('is not retried after the caller aborts', async () => {
    const url = await serving(status(503, { 'retry-after': '0.04' }));
    const stop = new AbortController();
    const fetching = open(1000)(url, stop.signal);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(fetching).rejects.toBe(reason);
  });
});

it.each([404, 403, 410, 400])('status %i fails immediately', async (code) => {
  const url = await serving(status(code));
  await expect(open()(url, never)).rejects.toMatchObject({ code: 'fetch_status' });
  expect(requests).toBe(1);
});

it('an answer that decompresses beyond its limit fails immediately', async () => {
  const bomb = gzipSync(Buffer.alloc(2 ** 22));
  const url = await serving((_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
  );
  await expect(open()(url, never)).rejects.toMatchObject({ code: 'fetch_inflated' });
  expect(requests).toBe(1);
});

describe('a host that keeps failing', () => {
  it('gets no requests for a while, then one, and is used again when it answers', async () => {
    let time = 0;
    const breaker = createCircuitBreaker(() => time);
    const url = await serving(...Array.from({ length: 17 }, () => status(503)), ok);
    const fetchOnce = open(1, breaker);
    for (let i = 0; i < 16; i++) await expect(fetchOnce(url, never)).rejects.toThrow('status 503');
    await expect(fetchOnce(url, never)).rejects.toThrow(/it gets no requests for the next 2 s/);
    expect(requests).toBe(16);
    time = 2001;
    await expect(fetchOnce(url, never)).rejects.toThrow('status 503');
    await expect(fetchOnce(url, never)).rejects.toThrow(/it gets no requests for the next 4 s/);
    time = 6002;
    expect(Buffer.from(await fetchOnce(url, never)).toString()).toBe('here');
    expect(breaker.openForMs(new URL(url).host)).toBe(0);
    expect(requests).toBe(18);
  });

  it('gets one request at a time while it is on trial, and other hosts are not affected', () => {
    let time = 0;
    const breaker = createCircuitBreaker(() => time);
    for (let i = 0; i < 16; i++) breaker.failed('bad');
    expect(breaker.openForMs('bad')).toBe(2000);
    expect(breaker.openForMs('good')).toBe(0);
    time = 2000;
    expect(breaker.openForMs('bad')).toBe(0);
    expect(breaker.openForMs('bad')).toBeGreaterThan(0);
    breaker.succeeded('bad');
    expect(breaker.openForMs('bad')).toBe(0);
    expect(breaker.openForMs('bad')).toBe(0);
  });

  it('does not include a host that answers from time to time', () => {
    const breaker = createCircuitBreaker();
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < 15; j++) breaker.failed('flaky');
      breaker.succeeded('flaky');
    }
    expect(breaker.openForMs('flaky')).toBe(0);
  });
});

it('rows with the same requested pause wait at least that long, and are not retried at the same time', async () => {
  const timer = vi.spyOn(globalThis, 'setTimeout');
  const failed = new Set<string>();
  const fetchRetrying = retrying(
    async (url) => {
      if (failed.has(url)) return new Uint8Array(1);
      failed.add(url);
      throw new ForebayError('fetch_unavailable', 'not now', { retryAfterS: 0.05 });
    },
    { firstPauseMs: 40 },
  );
  const urls = Array.from({ length: 20 }, (_, i) => `http://host.test/${i}`);
  await Promise.all(urls.map(async (url) => fetchRetrying(url, never)));
  const pauses = timer.mock.calls.map(([, ms]) => ms!);
  timer.mockRestore();
  expect(pauses).toHaveLength(20);
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(50);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(90);
  expect(new Set(pauses).size).toBe(20);
});

it('many rows that wait for a retry cause no warning about leaked listeners', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on('warning', note);
  let tries = 0;
  const fetchRetrying = retrying(
    async () => {
      tries += 1;
      if (tries <= 30) throw new ForebayError('fetch_unavailable', 'not now');
      return new Uint8Array(1);
    },
    { tries: 2, firstPauseMs: 20 },
  );
  const { signal } = new AbortController();
  const urls = Array.from({ length: 30 }, (_, i) => `http://host-${i}.test/`);
  await Promise.all(urls.map(async (url) => fetchRetrying(url, signal)));
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', note);
  expect(warnings).toEqual([]);
});
