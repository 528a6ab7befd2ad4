/** The worker's health check, for containers: up, and what it serves. No other HTTP here. */
import { createServer, type Server } from 'node:http';
import type { WorkerInfo } from '../shared/queue/worker-registry.ts';

/** Listens on loopback: a container's health check runs inside it. */
export async function serveHealth(port: number, info: () => WorkerInfo): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url !== '/healthz') {
      response.writeHead(404).end();
      return;
    }
    const models = info().models.map((m) => ({ name: m.ref.name, serving: m.problem === null }));
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ status: 'ok', models }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}
