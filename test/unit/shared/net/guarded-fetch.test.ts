/** Fetches from servers on loopback. Every target that is refused here would be a way into an internal network. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createGuardedFetch,
  type GuardedFetch,
  type GuardedFetchOptions,
} from '#forebay/shared/net/guarded-fetch.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let handler: Handler;
let connections: number;
let origin: string;
let port: number;
const never = new AbortController().signal;
const opened: GuardedFetch[] = [];
let server: ReturnType<typeof createServer>;

beforeEach(async () => {
  connections = 0;
  handler = (_, response) => response.end('hello');
  server = createServer((request, response) => handler(request, response));
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
  origin = `http://127.0.0.1:${port}`;
});

afterEach(async () => {
  for (const fetch of opened.splice(0)) await fetch.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function open(options: Partial<GuardedFetchOptions> = {}): GuardedFetch {
  const limits = { timeoutMs: 20_000, maxBytes: 1000, maxRatio: 200 };
  const defaults = { allow: ['127.0.0.1'], userAgent: 'forebay/test', ...limits };
  const fetch = createGuardedFetch({ ...defaults, ...options });
  opened.push(fetch);
  return fetch;
}

async function get(url: string, options: Partial<GuardedFetchOptions> = {}): Promise<string> {
  return Buffer.from(await open(options).fetchBytes(url, never)).toString();
}

/** A resolver that gives these answers in turn, and then repeats the last one for ever. */
function answering(...answers: string[][]): NonNullable<GuardedFetchOptions['lookup']> {
  return (_, __, done) => {
    const addresses = answers.length > 1 ? answers.shift()! : answers[0]!;
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

describe('a fetch', () => {
  it('returns the bytes, and names its user agent', async () => {
    handler = (request, response) => response.end(request.headers['user-agent']);
    expect(await get(`${origin}/x`)).toBe('forebay/test');
  });

  it('decompresses a body although it did not ask for compression', async () => {
    for (const [name, body] of [
      ['gzip', gzipSync('zipped')],
      ['br', brotliCompressSync('zipped')],
    ] as const) {
      handler = (_, response) => response.writeHead(200, { 'content-encoding': name }).end(body);
      expect(await get(origin)).toBe('zipped');
    }
  });

  it('follows five redirects, but not a sixth', async () => {
    handler = (request, response) => {
      const left = Number(request.url!.slice(1));
      if (left === 0) response.end('here');
      else response.writeHead(302, { location: `/${left - 1}` }).end('moved');
    };
    expect(await get(`${origin}/5`)).toBe('here');
    await expect(get(`${origin}/6`)).rejects.toMatchObject({
      code: 'fetch_redirects',
      message: /5 redirects/,
    });
  });

  it('repeats a request if a kept-alive connection has just ended', async () => {
    const fetch = open();
    await fetch.fetchBytes(origin, never);
    handler = (request, response) => (connections === 1 ? request.socket.destroy() : response.end('again'));
    expect(Buffer.from(await fetch.fetchBytes(origin, never)).toString()).toBe('again');
  });
});

describe('before it connects, a fetch refuses', () => {
  it.each([
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '0x7f000001',
    '017700000001',
    '127.1',
    '127.0.0.1.',
    '%31%32%37.0.0.1',
    '１２７.0.0.1',
    '[::ffff:127.0.0.1]',
    '[::127.0.0.1]',
    '[::1]',
    '0',
    '[::]',
  ])('the loopback address written %s', async (host) => {
    await expect(get(`http://${host}:${port}/`, { allow: [] })).rejects.toMatchObject({
      code: 'url_not_allowed',
    });
    expect(connections).toBe(0);
  });

  it.each([
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '224.0.0.1',
    '255.255.255.255',
    '[fe80::1]',
    '[fc00::1]',
    '[fd00:ec2::254]',
    '[ff02::1]',
    '[64:ff9b::a9fe:a9fe]',
    '100.64.0.1',
  ])('the internal address %s', async (host) => {
    await expect(get(`http://${host}/`)).rejects.toMatchObject({ code: 'url_not_allowed' });
    await expect(get(`https://${host}/`)).rejects.toMatchObject({ code: 'url_not_allowed' });
  });

  it('a name that leads to an internal address, without revealing the address', async () => {
    const refused = get(`http://inner.example:${port}/`, {
      allow: [],
      lookup: answering(['127.0.0.1', '::1']),
    });
    await expect(refused).rejects.toMatchObject({
      code: 'url_not_allowed',
      message: expect.not.stringContaining('127.0.0.1'),
    });
    expect(connections).toBe(0);
  });

  it('localhost, which the system resolver resolves', async () => {
    await expect(get(`http://localhost:${port}/`, { allow: [] })).rejects.toMatchObject({
      code: 'url_not_allowed',
    });
  });

  it('a redirect to an internal address', async () => {
    handler = (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
    await expect(get(origin)).rejects.toMatchObject({ code: 'url_not_allowed', message: /169\.254/ });
  });

  it.each([
    'http://2852039166/',
    'http://0xa9.254.43518/',
    'http://[::ffff:10.0.0.1]/',
    '//10.0.0.1/',
    'http://me@example.org@10.0.0.1/',
    'http://example.org\\@10.0.0.1/',
  ])('a redirect to %s', async (location) => {
    const lookup = answering(['10.9.9.9']);
    handler = (_, response) => response.writeHead(307, { location }).end();
    await expect(get(origin, { lookup })).rejects.toMatchObject({ code: 'url_not_allowed' });
  });

  it('a redirect to a name with an internal address, after an allowed first host', async () => {
    handler = (_, response) => response.writeHead(301, { location: 'http://inner.example/' }).end();
    const lookup = answering(['10.9.9.9']);
    await expect(get(origin, { lookup })).rejects.toMatchObject({ code: 'url_not_allowed' });
  });

  it('a redirect to another scheme', async () => {
    handler = (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end();
    await expect(get(origin)).rejects.toMatchObject({ code: 'url_not_allowed', message: /file:/ });
  });

  it.each([
    'ftp://example.org/',
    'file:///etc/passwd',
    'nonsense',
    'http://user:secret@127.0.0.1/',
    'http://example.org@127.0.0.1/',
    'http://127.0.0.1%20@example.org/',
    'http://user@example.org/',
    'data:,x',
  ])('the URL %s', async (url) => {
    await expect(get(url)).rejects.toMatchObject({ code: 'url_not_allowed' });
  });
});

describe('names', () => {
  it('are resolved once per connection, so that a second answer cannot lead elsewhere', async () => {
    let lookups = 0;
    const answers = answering(['127.0.0.1'], ['10.9.9.9']);
    const fetch = open({ lookup: (...args) => (lookups++, answers(...args)) });
    handler = (_, response) => response.writeHead(200, { connection: 'close' }).end('checked');
    const url = `http://rebinding.example:${port}/`;
    expect(Buffer.from(await fetch.fetchBytes(url, never)).toString()).toBe('checked');
    expect(lookups).toBe(1);
    await expect(fetch.fetchBytes(url, never)).rejects.toMatchObject({ code: 'url_not_allowed' });
  });

  it('lead only to their allowed addresses', async () => {
    expect(await get(`http://both.example:${port}/`, { lookup: answering(['10.9.9.9', '127.0.0.1']) })).toBe(
      'hello',
    );
  });

  it('that the operator lists may have any address', async () => {
    const lookup = answering(['127.0.0.1']);
    expect(await get(`http://files.internal:${port}/`, { allow: ['files.internal'], lookup })).toBe('hello');
  });

  it('that do not exist fail with their own code', async () => {
    const lookup: NonNullable<GuardedFetchOptions['lookup']> = (_, __, done) =>
      done(Object.assign(new Error('getaddrinfo ENOTFOUND nowhere.example'), { code: 'ENOTFOUND' }), []);
    await expect(get('http://nowhere.example/', { lookup })).rejects.toMatchObject({
      code: 'fetch_failed',
      message: /ENOTFOUND/,
    });
  });
});

describe('a limited fetch', () => {
  it('refuses a body by its announced length', async () => {
    handler = (_, response) => response.writeHead(200, { 'content-length': 5000 }).write('x');
    await expect(get(origin)).rejects.toMatchObject({ code: 'file_too_large', message: /5000/ });
  });

  it('ends a body of unknown length as soon as it is too long', async () => {
    const closed = new Promise<void>((resolve) => {
      handler = (request, response) => {
        request.socket.once('close', () => resolve());
        const more = () => {
          while (response.write(Buffer.alloc(64 * 1024)));
        };
        response.on('drain', more);
        more();
      };
    });
    await expect(get(origin, { maxBytes: 500_000 })).rejects.toMatchObject({ code: 'file_too_large' });
    await closed;
  });

  it('measures the decompressed body', async () => {
    handler = (_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1e6)));
    await expect(get(origin, { maxBytes: 100_000 })).rejects.toMatchObject({ code: 'file_too_large' });
  });

  describe('limits the ratio of compression', () => {
    const zeros = Buffer.alloc(2 ** 23);
    const sky = Buffer.concat([Buffer.alloc(2 ** 22), randomBytes(2 ** 16)]);
    const send = (name: string, body: Buffer, announced: boolean) => {
      handler = (_, response) => {
        response.writeHead(200, {
          'content-encoding': name,
          ...(announced && { 'content-length': body.length }),
        });
        response.end(body);
      };
    };

    it.each([
      ['gzip', gzipSync(zeros)],
      ['deflate', deflateSync(zeros)],
      ['br', brotliCompressSync(zeros)],
    ])('ends a bomb in %s, whether its length is announced or not', async (name, bomb) => {
      for (const announced of [true, false]) {
        send(name, bomb, announced);
        await expect(get(origin, { maxBytes: 2 ** 26 })).rejects.toMatchObject({
          code: 'fetch_inflated',
          message: expect.stringMatching(`${bomb.length} compressed .* 200 times .*FOREBAY_MAX_FETCH_RATIO`),
          retryable: false,
        });
      }
    });

    it('accepts a body whose beginning is uniform, a small body, and any body within a higher limit', async () => {
      for (const announced of [true, false]) {
        send('gzip', gzipSync(sky), announced);
        expect((await get(origin, { maxBytes: 2 ** 26 })).length).toBeGreaterThan(2 ** 22);
        send('gzip', gzipSync(zeros.subarray(0, 2 ** 20)), announced);
        expect((await get(origin, { maxBytes: 2 ** 26 })).length).toBe(2 ** 20);
        send('gzip', gzipSync(zeros), announced);
        expect((await get(origin, { maxBytes: 2 ** 26, maxRatio: 1100 })).length).toBe(2 ** 23);
      }
    });
  });

  it('names a status that is not a success', async () => {
    handler = (_, response) => response.writeHead(404).end('no such thing');
    await expect(get(origin)).rejects.toMatchObject({ code: 'fetch_status', message: /404/ });
  });

  it('gives up on a server that sends no answer, or only one byte', async () => {
    handler = () => {};
    await expect(get(origin, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'fetch_timeout' });
    handler = (_, response) => response.write('x');
    await expect(get(origin, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'fetch_timeout',
      message: /50 ms/,
    });
  });

  it('reports broken answers and closed ports as failed', async () => {
    handler = (_, response) =>
      response
        .writeHead(200, { 'content-length': 100 })
        .write('x', () => (response.socket as Socket).destroy());
    await expect(get(origin)).rejects.toMatchObject({ code: 'fetch_failed' });
    await expect(get('http://127.0.0.1:1/')).rejects.toMatchObject({
      code: 'fetch_failed',
      message: /ECONNREFUSED/,
    });
  });

  it('rejects with the reason of an abort', async () => {
    const stop = new AbortController();
    const reason = new Error('job cancelled');
    handler = () => stop.abort(reason);
    await expect(open().fetchBytes(origin, stop.signal)).rejects.toBe(reason);
    await expect(open().fetchBytes(origin, stop.signal)).rejects.toBe(reason);
  });
});
