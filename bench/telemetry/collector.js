/** A collector of traces, as far as a sender can tell: it reads every request, counts it and drops it. */
import { once } from 'node:events';
import { createServer } from 'node:http';

/** @returns `url`; `seen`: requests and bytes so far; `stop()` */
export async function startCollector() {
  const seen = { requests: 0, bytes: 0 };
  const server = createServer((request, response) => {
    request.on('data', (chunk) => (seen.bytes += chunk.length));
    request.on('end', () => {
      seen.requests += request.url === '/v1/traces' ? 1 : 0;
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${server.address().port}`, seen, stop };
}
