/** The meaning of each outcome of a fetch for its row and for its host. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createCircuitBreaker } from '#forebay/shared/net/circuit-breaker.js';
import { createGuardedFetch, type GuardedFetch } from '#forebay/shared/net/guarded-fetch.js';
import { retry } from '#forebay/shared/net/retry.js';

const never = new AbortController().signal;
/** The number of failures that open the circuit of a host. */
const OPENS = 16;
const servers: Server[] = [];
const opened: GuardedFetch[] = [];
let requests = 0;

afterEach(async () => {
  requests = 0;
  for (const fetch of opened.splice(0)) await fetch.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Starts a server on loopback and returns its origin. */
async function serving(handler: RequestListener): Promise<string> {
  const server = createServer((request, response) => {
    requests += 1;
    handler(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function fetching(tries: number, breaker = createCircuitBreaker()) {
  const limits = { timeoutMs: 30_000, maxBytes: 2 ** 20, maxRatio: 200 };
  const guarded = createGuardedFetch({ allow: ['127.0.0.1'], userAgent: 'forebay/test', breaker, ...limits });
  opened.push(guarded);
  const { fetchBytes } = guarded;
  const options = { tries, firstPauseMs: 1, maxPauseMs: 5 };
  return async (url: string, signal: AbortSignal) =>
    retry(async () => fetchBytes(url, signal), signal, options);
}

const encoded =
  (encoding: string, body: Uint8Array | string): RequestListener =>
  (_, response) =>
    response.writeHead(200, { 'content-encoding': encoding }).end(body);
const leading =
  (location: string): RequestListener =>
  (_, response) =>
    response.writeHead(302, { location }).end();

const PERMANENT: readonly (readonly [what: string, code: string, message: RegExp, RequestListener])[] = [
  ['an unknown content encoding', 'fetch_unreadable', /"zip7"/, encoded('zip7', 'x')],
  [
    'a body that is not compressed as announced',
    'fetch_unreadable',
    /does not match its content-encoding "gzip"/,
    encoded('gzip', 'no gzip'),
  ],
  [
    'a truncated compressed body',
    'fetch_unreadable',
    /does not match its content-encoding "br"/,
    encoded('br', brotliCompressSync('x').subarray(0, 3)),
  ],
  ['two compressions', 'fetch_unreadable', /"gzip, br"/, encoded('gzip, br', 'x')],
  ['a redirect loop', 'fetch_redirects', /more than 5 redirects, .*\/round/, leading('/round')],
  ['a redirect to another scheme', 'url_not_allowed', /ftp:/, leading('ftp://127.0.0.1/a.jpg')],
  ['a redirect to no URL', 'url_not_allowed', /is not a URL/, leading('http://[nonsense')],
  ['a redirect without a target', 'fetch_status', /302/, (_, response) => response.writeHead(302).end()],
  ['a missing page', 'fetch_status', /404/, (_, response) => response.writeHead(404).end()],
  [
    'a body beyond its limit',
    'file_too_large',
    /limit/,
    (_, response) => response.end(Buffer.alloc(2 ** 21)),
  ],
  [
    'headers that are far too large',
    'fetch_unreadable',
    /headers are too large/,
    (_, response) => response.writeHead(200, { x: 'y'.repeat(40_000) }).end(),
  ],
];

describe('a permanent failure', () => {
  it.each(PERMANENT)('%s fails its row immediately, with its own code', async (_, code, message, handler) => {
    const origin = await serving(handler);
    await expect(fetching(4)(`${origin}/round`, never)).rejects.toMatchObject({ code, message });
    expect(requests).toBe(code === 'fetch_redirects' ? 6 : 1);
  });

  it.each(PERMANENT)('%s never counts against its host', async (_, code, __, handler) => {
    const breaker = createCircuitBreaker();
    const origin = await serving(handler);
    const fetchBytes = fetching(1, breaker);
    for (let i = 0; i <= OPENS; i++) {
      await expect(fetchBytes(`${origin}/round`, never)).rejects.toMatchObject({ code });
    }
    expect(breaker.openForMs(new URL(origin).host)).toBe(0);
  });

  it.each(['ftp://127.0.0.1/a', 'data:image/png;base64,AAAA'])(
    '%s is refused because of its protocol',
    async (url) => {
      await expect(fetching(4)(url, never)).rejects.toMatchObject({
        code: 'url_not_allowed',
        message: /only http and https/,
      });
    },
  );

  it('a server without TLS gets one request', async () => {
    const origin = await serving((_, response) => response.end('plain'));
    const breaker = createCircuitBreaker();
    const fetchBytes = fetching(4, breaker);
    let connections = 0;
    servers[0]!.on('connection', () => connections++);
    await expect(fetchBytes(origin.replace('http:', 'https:'), never)).rejects.toMatchObject({
      code: 'fetch_tls',
    });
    expect(connections).toBe(1);
    expect(breaker.openForMs(new URL(origin).host)).toBe(0);
  });
});

describe('a temporary failure', () => {
  const TROUBLE: readonly (readonly [string, string, RequestListener])[] = [
    ['an overloaded server', 'fetch_unavailable', (_, response) => response.writeHead(503).end()],
    [
      'a truncated body',
      'fetch_failed',
      (_, response) =>
        response
          .writeHead(200, { 'content-length': 100 })
          .write('x', () => (response.socket as Socket).destroy()),
    ],
    [
      'a truncated compressed body',
      'fetch_failed',
      (_, response) =>
        response
          .writeHead(200, { 'content-length': 100, 'content-encoding': 'gzip' })
          .write(gzipSync('x').subarray(0, 5), () => (response.socket as Socket).destroy()),
    ],
    [
      'a compressed body of unknown length that ends early',
      'fetch_failed',
      ({ socket }) =>
        socket.end(
          Buffer.concat([
            Buffer.from('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-encoding: gzip\r\n\r\n'),
            gzipSync('x').subarray(0, 15),
          ]),
        ),
    ],
  ];

  it.each(TROUBLE)('%s is retried, and counts against its host', async (_, code, handler) => {
    const breaker = createCircuitBreaker();
    const origin = await serving(handler);
    await expect(fetching(3, breaker)(origin, never)).rejects.toMatchObject({ code });
    expect(requests).toBe(3);
    await expect(fetching(OPENS, breaker)(origin, never)).rejects.toMatchObject({
      code: 'fetch_unavailable',
    });
    expect(breaker.openForMs(new URL(origin).host)).toBeGreaterThan(0);
    expect(requests).toBe(OPENS);
  });

  it('counts against the host that fails, not against the one that redirects to it', async () => {
    const breaker = createCircuitBreaker();
    const down = await serving((_, response) => response.writeHead(503).end());
    const front = await serving((request, response) => {
      if (request.url === '/fine') response.end('fine');
      else response.writeHead(302, { location: `${down}/a` }).end();
    });
    const fetchBytes = fetching(1, breaker);
    for (let i = 0; i < OPENS; i++) await expect(fetchBytes(`${front}/led`, never)).rejects.toThrow('503');
    await expect(fetchBytes(`${front}/led`, never)).rejects.toThrow(`${new URL(down).host} has failed`);
    expect(Buffer.from(await fetchBytes(`${front}/fine`, never)).toString()).toBe('fine');
  });
});

describe('a fetch that its caller aborts', () => {
  /**
   * A host that answers 503, except to /held, which gets no answer. `abortedFetch` requests /held and aborts when the
   * request has arrived.
   */
  async function failingHost() {
    let held: (() => void) | null = null;
    const origin = await serving((request, response) => {
      if (request.url === '/held') held?.();
      else response.writeHead(503).end();
    });
    const abortedFetch = async (fetchBytes: GuardedFetch['fetchBytes']) => {
      const stop = new AbortController();
      held = () => stop.abort(new Error('enough'));
      await expect(fetchBytes(`${origin}/held`, stop.signal)).rejects.toThrow('enough');
    };
    return { origin, host: new URL(origin).host, abortedFetch };
  }

  it('does not count as a success of its host', async () => {
    const breaker = createCircuitBreaker();
    const { origin, host, abortedFetch } = await failingHost();
    const fetchBytes = fetching(1, breaker);
    for (let i = 1; i < OPENS; i++) await expect(fetchBytes(origin, never)).rejects.toThrow('503');
    await abortedFetch(fetchBytes);
    await expect(fetchBytes(origin, never)).rejects.toThrow('503');
    expect(breaker.openForMs(host)).toBeGreaterThan(0);
  });

  it('does not count as a failure of its host', async () => {
    const breaker = createCircuitBreaker();
    const { host, abortedFetch } = await failingHost();
    const fetchBytes = fetching(1, breaker);
    for (let i = 0; i <= OPENS; i++) await abortedFetch(fetchBytes);
    expect(breaker.openForMs(host)).toBe(0);
  });

  it('lets the next fetch be the trial of its host', async () => {
    let time = 0;
    const breaker = createCircuitBreaker(() => time);
    const { origin, host, abortedFetch } = await failingHost();
    const fetchBytes = fetching(1, breaker);
    for (let i = 0; i < OPENS; i++) await expect(fetchBytes(origin, never)).rejects.toThrow('503');
    expect(breaker.openForMs(host)).toBeGreaterThan(0);
    time = 2_001;
    await abortedFetch(fetchBytes);
    await expect(fetchBytes(origin, never)).rejects.toThrow('503');
  });
});

describe('a body is read without decompression', () => {
  it.each(['identity', '', 'none', 'UTF-8', 'binary', 'aws-chunked', 'aws-chunked,identity'])(
    'if its encoding is called "%s"',
    async (encoding) => {
      const origin = await serving(encoded(encoding, 'pixels'));
      expect(Buffer.from(await fetching(1)(origin, never)).toString()).toBe('pixels');
    },
  );

  it('but not if a real compression is named beside it', async () => {
    const origin = await serving(encoded('aws-chunked, GZIP', gzipSync('pixels')));
    expect(Buffer.from(await fetching(1)(origin, never)).toString()).toBe('pixels');
  });
});

describe('a redirect in raw bytes', () => {
  it.each([
    ['UTF-8', Buffer.from('/größe 写真.jpg?n=é'), '/gr%C3%B6%C3%9Fe%20%E5%86%99%E7%9C%9F.jpg?n=%C3%A9'],
    ['Latin-1', Buffer.from('/caf\xe9.jpg', 'latin1'), '/caf%E9.jpg'],
  ])('of %s is followed as in browsers', async (_, location, path) => {
    const origin = await serving((request, response) => {
      if (request.url !== '/') return response.end(request.url);
      // Node's own server would refuse to write such a header.
      const head = [Buffer.from('HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: '), location];
      return request.socket.write(Buffer.concat([...head, Buffer.from('\r\n\r\n')]));
    });
    expect(Buffer.from(await fetching(1)(`${origin}/`, never)).toString()).toBe(path);
  });
});
