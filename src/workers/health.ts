/** The worker's health check, for containers: whether it serves, and what; else what it waits for. No other HTTP here. */
import { createServer, type Server } from 'node:http';
import { listenError } from '../shared/net/listen-error.ts';
import type { WorkerInfo } from '../shared/queue/worker-registry.ts';

/** Of a worker that does not serve yet; null: it is at its own start. */
export interface NotYet {
  readonly waitingFor: string | null;
}

/** Listens on loopback: a container's health check runs inside it. */
export async function serveHealth(port: number, info: () => WorkerInfo | NotYet): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url !== '/healthz') {
      response.writeHead(404).end();
      return;
    }
    const { status, body } = answerOf(info());
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(listenError(error, { host: '127.0.0.1', port, setting: '--health-port (FOREBAY_HEALTH_PORT)' })),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

/** Not healthy until it serves: who starts after it counts on that. */
function answerOf(info: WorkerInfo | NotYet): { status: number; body: object } {
  if ('waitingFor' in info) {
    const { waitingFor } = info;
    return {
      status: 503,
      body: waitingFor === null ? { status: 'starting' } : { status: 'waiting', reason: waitingFor },
    };
  }
  const models = info.models.map((m) => ({ name: m.ref.name, serving: m.problem === null }));
  return { status: 200, body: { status: 'ok', models } };
}
