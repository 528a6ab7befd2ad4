/**
 * The worker's health checks, for containers: /healthz, whether it has started, and /readyz, whether it serves any model; else
 * what it waits for. No other HTTP here.
 */
import { createServer, type Server } from 'node:http';
import { listenError } from '../shared/net/listen-error.ts';
import { isLoaded, type ServedModel } from '../shared/queue/worker-registry.ts';

export interface Health {
  readonly models: readonly ServedModel[];
  /** Why it serves no model; null where it serves one, or may soon. */
  readonly servesNothing: string | null;
}

/** Of a worker that does not serve yet; null: it is at its own start. */
export interface NotYet {
  readonly waitingFor: string | null;
}

/** Listens on loopback: a container's health check runs inside it. */
export async function serveHealth(port: number, info: () => Health | NotYet): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url !== '/healthz' && request.url !== '/readyz') {
      response.writeHead(404).end();
      return;
    }
    const { status, body } = answerOf(info(), request.url === '/readyz');
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

/** Not healthy until it has loaded what it could: who starts after it counts on that. */
function answerOf(info: Health | NotYet, needsModel: boolean): { status: number; body: object } {
  if ('waitingFor' in info) {
    const { waitingFor } = info;
    return {
      status: 503,
      body: waitingFor === null ? { status: 'starting' } : { status: 'waiting', reason: waitingFor },
    };
  }
  const models = info.models.map((m) => ({ name: m.ref.name, serving: isLoaded(m) }));
  const { servesNothing } = info;
  if (servesNothing === null && (!needsModel || models.some(({ serving }) => serving)))
    return { status: 200, body: { status: 'ok', models } };
  const body = { status: 'serves_nothing', reason: servesNothing, models };
  return { status: needsModel ? 503 : 200, body };
}
