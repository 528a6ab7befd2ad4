// An HTTP proxy in front of a server. It passes everything on, and remembers which requests it has seen.
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LoggingProxy {
  readonly url: string;
  /** `<method> <path and query>` of each request, in order. */
  readonly seen: readonly string[];
  close(): Promise<void>;
}

/**
 * `target`: an `http:` origin. The Host header still names the proxy, because requests of S3 are signed with it.
 * `before`: what a request waits for before it is passed on. `host`: the address that it listens on.
 */
export async function startLoggingProxy(
  target: string,
  {
    before = async () => undefined,
    host = '127.0.0.1',
  }: { before?: () => Promise<void>; host?: string } = {},
): Promise<LoggingProxy> {
  const { hostname, port } = new URL(target);
  const seen: string[] = [];
  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method, url: path, headers } = incoming;
    seen.push(`${method} ${path}`);
    await before();
    const passed = request({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    outgoing.on('close', () => passed.destroy());
    incoming.pipe(passed);
  }
  const server = createServer((incoming, outgoing) => void pass(incoming, outgoing));
  server.listen(0, host);
  await once(server, 'listening');
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    seen,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
