// A receiver of webhooks on loopback. It records all requests. The test chooses the answers.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: number;
}

export async function startReceiver() {
  const received: Received[] = [];
  /** How to answer the nth request (from 0) to a path. Other paths answer 204. */
  const answers = new Map<string, (response: ServerResponse, n: number) => void>();
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (text: string) => (body += text));
    request.on('end', () => {
      const path = request.url ?? '';
      const n = received.filter((one) => one.path === path).length;
      received.push({ path, headers: request.headers, body, at: Date.now() });
      const answer = answers.get(path);
      if (answer) answer(response, n);
      else response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (path: string) => `http://127.0.0.1:${port}${path}`,
    answer: (path: string, how: (response: ServerResponse, n: number) => void) => answers.set(path, how),
    at: (path: string) => received.filter((one) => one.path === path),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
