/**
 * The worker's health checks, for containers: /healthz, whether it has started, and /readyz, whether it serves any model
 * and can take blocks; else what it waits for. No other HTTP here.
 */
import { createServer, type Server } from 'node:http';
import { messageOf } from '../../shared/errors.ts';
import { listenError } from '../../shared/net/listen-error.ts';
import { isLoaded, type ServedModel } from '../../shared/queue/worker-registry.ts';

export interface Health {
  readonly models: readonly ServedModel[];
  /** Why it serves no model; null where it serves one, or may soon. */
  readonly servesNothing: string | null;
}

/** Of a worker that does not serve yet; null: it is at its own start. */
export interface NotYet {
  readonly waitingFor: string | null;
}

export interface HealthDeps {
  readonly info: () => Health | NotYet;
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
    '/healthz': () => started(info()),
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

/** Not healthy until it has loaded what it could: who starts after it counts on that. */
function started(info: Health | NotYet): Answer {
  if ('waitingFor' in info) return waiting(info.waitingFor);
  return { status: 200, body: served(info) };
}

function served({ models, servesNothing }: Health): object {
  const known = models.map((m) => ({ name: m.ref.name, serving: isLoaded(m) }));
  if (servesNothing === null) return { status: 'ok', models: known };
  return { status: 'serves_nothing', reason: servesNothing, models: known };
}

/** A worker whose Redis is away stays healthy, since a restart would not help, but it is not ready. */
async function ready(info: Health | NotYet, checkQueue: () => Promise<void>): Promise<Answer> {
  if ('waitingFor' in info) return waiting(info.waitingFor);
  if (!info.models.some(isLoaded))
    return {
      status: 503,
      body: served({ ...info, servesNothing: info.servesNothing ?? 'no model is loaded yet' }),
    };
  try {
    await checkQueue();
    return { status: 200, body: served(info) };
  } catch (error) {
    return waiting(messageOf(error));
  }
}

function waiting(reason: string | null): Answer {
  return { status: 503, body: reason === null ? { status: 'starting' } : { status: 'waiting', reason } };
}
