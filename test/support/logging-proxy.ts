// An HTTP proxy on loopback in front of a server. It passes everything on, and remembers which requests it has seen.
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LoggingProxy {
  readonly url: string;
  /** `<method> <path and query>` of each request, in order. */
  readonly seen: readonly string[];
  close(): Promise<void>;
}

/** `target`: an `http:` origin. The Host header stays that of the proxy, because requests of S3 are signed with it. */
export async function startLoggingProxy(target: string): Promise<LoggingProxy> {
  const { hostname, port } = new URL(target);
  const seen: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    seen.push(`${method} ${path}`);
    const passed = request({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    outgoing.on('close', () => passed.destroy());
    incoming.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
