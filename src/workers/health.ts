/** The worker's health checks, for containers: whether it serves and what, and whether it can take blocks. No other HTTP here. */
import { createServer, type Server } from 'node:http';
import { messageOf } from '../shared/errors.ts';
import { listenError } from '../shared/net/listen-error.ts';
import type { WorkerInfo } from '../shared/queue/worker-registry.ts';

/** Of a worker that does not serve yet; null: it is at its own start. */
export interface NotYet {
  readonly waitingFor: string | null;
}

export interface HealthDeps {
  readonly info: () => WorkerInfo | NotYet;
  /** Throws where the queue's Redis does not take writes. */
  readonly checkQueue: () => Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

/** Listens on loopback: a container's health check runs inside it. */
export async function serveHealth(port: number, { info, checkQueue }: HealthDeps): Promise<Server> {
  const answers: Readonly<Record<string, () => Promise<Answer> | Answer>> = {
    '/healthz': () => serving(info()),
    '/readyz': () => ready(info(), checkQueue),
  };
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ''];
    if (answer === undefined) {
      response.writeHead(404).end();
      return;
    }
    void Promise.resolve(answer()).then(({ status, body }) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
    );
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
function serving(info: WorkerInfo | NotYet): Answer {
  if ('waitingFor' in info) return waiting(info.waitingFor);
  const models = info.models.map((m) => ({ name: m.ref.name, serving: m.problem === null }));
  return { status: 200, body: { status: 'ok', models } };
}

/** A worker whose Redis is away stays healthy, since a restart would not help, but it is not ready. */
async function ready(info: WorkerInfo | NotYet, checkQueue: () => Promise<void>): Promise<Answer> {
  if ('waitingFor' in info) return waiting(info.waitingFor);
  try {
    await checkQueue();
    return { status: 200, body: { status: 'ready' } };
  } catch (error) {
    return waiting(messageOf(error));
  }
}

function waiting(reason: string | null): Answer {
  return { status: 503, body: reason === null ? { status: 'starting' } : { status: 'waiting', reason } };
}
