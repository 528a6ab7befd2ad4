// A client that reads a stream of a job, and a service that goes away.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createClient, type Client } from '#forebay/client/client.js';
import { createTransport } from '#forebay/client/transport.js';

/** Cuts each stream after its first byte, and refuses every later connection. */
const server = createServer((_request, response) => {
  if (!first) return response.destroy();
  first = false;
  return response.writeHead(200).write(' ', () => response.destroy());
});
let first = true;
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const STREAMS: [string, (client: Client, signal: AbortSignal) => AsyncGenerator][] = [
  ['events', (client, signal) => client.events('job', { signal })],
  ['rows', (client, signal) => client.results('job', { follow: true, signal })],
];

it.each(STREAMS)('after an abort, a stream of %s ends at once and never connects again', async (_, open) => {
  first = true;
  const abort = new AbortController();
  let attempts = 0;
  let abortedAt = 0;
  // At the fourth attempt, the pause is 1 s.
  const counted: typeof fetch = async (url, init) => {
    attempts += 1;
    try {
      return await fetch(url, init);
    } catch (error) {
      if (attempts === 4) {
        setImmediate(() => {
          abortedAt = performance.now();
          abort.abort(new Error('enough'));
        });
      }
      throw error;
    }
  };
  const { port } = server.address() as AddressInfo;
  const client = createClient({ url: `http://127.0.0.1:${port}`, fetch: counted });
  await expect(open(client, abort.signal).next()).rejects.toThrow('enough');
  // Before the pause would have ended.
  expect(performance.now() - abortedAt).toBeLessThan(900);
  expect(attempts).toBe(4);
});

it.each([200, 404])(
  'an abort during the body of an answer with status %d rejects as the abort',
  async (status) => {
    const unfinished = createServer((_request, response) => response.writeHead(status).write('{"half":'));
    await new Promise<void>((resolve) => unfinished.listen(0, '127.0.0.1', resolve));
    const abort = new AbortController();
    // The headers have arrived, and the body never ends.
    const aborting: typeof fetch = async (url, init) => {
      const response = await fetch(url, init);
      setImmediate(() => abort.abort(new Error('enough')));
      return response;
    };
    const { port } = unfinished.address() as AddressInfo;
    const { call } = createTransport({ url: `http://127.0.0.1:${port}`, fetch: aborting });
    await expect(call('/v1/jobs', { signal: abort.signal })).rejects.toThrow(/^enough$/);
    unfinished.closeAllConnections();
    unfinished.close();
  },
);
