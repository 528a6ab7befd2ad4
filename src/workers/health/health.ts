/**
 * The worker's port, for containers and Prometheus. /healthz reports whether it has started. /readyz reports whether it
 * serves any model, loaded or not, and can take blocks. Both say what the worker waits for. /metrics is a scrape. There
 * are no other endpoints, and nothing can be changed here.
 */
import { createServer, type Server } from 'node:http';
import type { IntakeState } from '../../shared/domain/intake-state.ts';
import { messageOf } from '../../shared/errors.ts';
import { METRICS_TYPE, type Metrics } from '../../shared/observe/metrics/instruments.ts';
import { createHostCheck } from '../../shared/net/check-host.ts';
import { listenError } from '../../shared/net/listen-error.ts';
import { isLoaded, isReady, type ServedModel } from '../../shared/queue/workers/worker-registry.ts';

export interface Health {
  readonly models: readonly ServedModel[];
  /** Why the worker serves no model. Null if it serves one, or may soon. */
  readonly servesNothing: string | null;
  readonly intake: IntakeState;
}

/** The state of a worker that is still booting. */
export interface Booting {
  /** Null if it waits only for its own models. */
  readonly waitingFor: string | null;
}

export interface HealthDeps {
  readonly info: () => Health | Booting;
  /** Throws if Redis does not accept writes. */
  readonly checkQueue: () => Promise<void>;
  readonly metrics: Pick<Metrics, 'scrape'>;
}

interface Answer {
  readonly status: number;
  /** Text is a scrape. */
  readonly body: object | string;
}

export async function serveHealth(
  { host, port }: { readonly host: string; readonly port: number },
  { info, checkQueue, metrics }: HealthDeps,
): Promise<Server> {
  const answers: Readonly<Record<string, () => Promise<Answer> | Answer>> = {
    '/healthz': () => started(info()),
    '/readyz': () => ready(info(), checkQueue),
    '/metrics': async () => ({ status: 200, body: await metrics.scrape() }),
  };
  // Only a page that rebinds its own name reaches a loopback address under another name.
  const checkHost = isLoopback(host) ? createHostCheck([]) : () => {};
  const server = createServer((request, response) => {
    try {
      checkHost(request.headers.host);
    } catch (error) {
      response.writeHead(421, { 'content-type': 'text/plain' }).end(`${messageOf(error)}\n`);
      return;
    }
    const answer = answers[request.url ?? ''];
    if (answer === undefined) {
      response.writeHead(404).end();
      return;
    }
    void Promise.resolve(answer())
      .catch(failed)
      .then(({ status, body }) =>
        typeof body === 'string'
          ? response.writeHead(status, { 'content-type': METRICS_TYPE }).end(body)
          : response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(listenError(error, { host, port, setting: '--worker-port (FOREBAY_WORKER_PORT)' })),
    );
    server.listen(port, host, resolve);
  });
  return server;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/**
 * Reports healthy only after the worker has booted, because processes that start after it rely on its loaded models.
 */
function started(info: Health | Booting): Answer {
  if ('waitingFor' in info) return waiting(info.waitingFor);
  return { status: 200, body: served(info) };
}

function served({ models, servesNothing }: Health): object {
  const known = models.map((m) => ({ name: m.ref.name, serving: isLoaded(m) }));
  if (servesNothing === null) return { status: 'ok', models: known };
  return { status: 'serves_nothing', reason: servesNothing, models: known };
}

/**
 * A worker without its Redis is not ready, and neither is one that an operator drains. Both stay healthy, because a
 * restart would not help.
 */
async function ready(info: Health | Booting, checkQueue: () => Promise<void>): Promise<Answer> {
  if ('waitingFor' in info) return waiting(info.waitingFor);
  if (!info.models.some(isReady))
    return {
      status: 503,
      body: served({ ...info, servesNothing: info.servesNothing ?? 'no model is loaded yet' }),
    };
  if (info.intake !== 'running') return { status: 503, body: { ...served(info), status: info.intake } };
  try {
    await checkQueue();
    return { status: 200, body: served(info) };
  } catch (error) {
    return waiting(messageOf(error));
  }
}

function failed(error: unknown): Answer {
  return { status: 500, body: { status: 'failed', reason: messageOf(error) } };
}

function waiting(reason: string | null): Answer {
  return { status: 503, body: reason === null ? { status: 'starting' } : { status: 'waiting', reason } };
}
