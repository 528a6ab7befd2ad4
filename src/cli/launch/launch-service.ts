/**
 * Runs the service in one process tree, with Redis, the API and workers as children. Restarts the API or a worker that
 * dies. No child outlives the launcher. stop() or kill() ends the API and the workers. If the launcher is killed, they
 * exit because their IPC channel closes. A private Redis ends by stop(), or because its pipe from the launcher closes.
 */
import { portOfWorker } from './port-of-worker.ts';
import { makeMemoryFolder, removeRunFolder } from './temp-folder.ts';
import { ONLINE } from '../../shared/config/groups/limits.ts';
import { PROCESSES } from '../../shared/config/groups/processes.ts';
import { readSettings } from '../../shared/config/read-settings.ts';
import { ForebayError } from '../../shared/errors.ts';
import { provideRedis, type ProvidedRedis } from '../redis/provide-redis.ts';
import { startServiceProcess, type Ready, type ServiceProcess } from './service-process.ts';
import { supervise, type Supervisor } from './supervisor.ts';

export interface ServiceOptions {
  readonly redis: Parameters<typeof provideRedis>[0];
  /** The environment of the API and the workers. FOREBAY_PORT 0 picks a free port. */
  readonly env: NodeJS.ProcessEnv;
  /** One entry per worker, with variables to add to its environment. */
  readonly workers: readonly Readonly<Record<string, string>>[];
  /** Called with each line that the API or a worker writes, and the name of that process. */
  readonly onLine: (name: string, line: string) => void;
  /** Called with a sentence for the user. */
  readonly onNote: (line: string) => void;
}

export interface Service {
  /** Resolves when Redis and the API are ready. Workers may still be loading. A failed start stops what it started. */
  start(): Promise<{ url: string; redisUrl: string; embeddedRedis: boolean }>;
  /** The ready message of each worker. Rejects if one failed to start. */
  workersReady(): Promise<Ready[]>;
  /** Resolves with the reason when the service cannot continue. */
  readonly failed: Promise<Error>;
  /** Lets the workers finish their blocks, then ends them. The API keeps answering. */
  drainWorkers(): Promise<void>;
  /** Drains the workers, then ends the API, then a private Redis. Resolves when all have exited. */
  stop(): Promise<void>;
  /** Kills the API and workers immediately. Safe in an exit handler. A private Redis ends when this process does. */
  readonly kill: () => void;
}

/** File reads and DNS lookups run on libuv's threads. The default of 4 threads is too few. */
const UV_THREADS = '16';

const ONLINE_DIR = ONLINE.onlineDir.env;
const GRACE = { shutdownGraceMs: PROCESSES.shutdownGraceMs };
/** Extra time after draining, to close connections. It is limited, because Redis may not answer. */
const STOP_MS = 10_000;

export function createService(options: ServiceOptions): Service {
  const { shutdownGraceMs: drainMs } = readSettings(GRACE, options.env);
  let redis: Promise<ProvidedRedis> | null = null;
  let api: Supervisor | null = null;
  const workers: Supervisor[] = [];
  const memory = options.env[ONLINE_DIR] ? null : makeMemoryFolder();
  let stopped: Promise<void> | null = null;
  let hasRedis = true;
  let fail: (error: Error) => void;
  const failed = new Promise<Error>((resolve) => (fail = resolve));

  function launch(
    name: string,
    main: URL,
    { env, stopMs }: { env: Readonly<Record<string, string>>; stopMs: number },
  ): Supervisor {
    const supervisor = supervise({
      name,
      stopMs,
      onNote: options.onNote,
      start: (first) => startChild(name, main, { ...env, ...samePort(first) }),
    });
    void supervisor.gaveUp.then((error) => fail(error));
    return supervisor;
  }

  function startChild(name: string, main: URL, env: Readonly<Record<string, string>>): ServiceProcess {
    return startServiceProcess({
      name,
      main,
      env: {
        UV_THREADPOOL_SIZE: UV_THREADS,
        ...options.env,
        ...(memory !== null && { [ONLINE_DIR]: memory }),
        ...env,
      },
      onLine: (line) => options.onLine(name, line),
    });
  }

  async function startAll() {
    redis = provideRedis(options.redis);
    const { url: redisUrl, embedded, exited } = await redis;
    if (stopped !== null) throw interrupted();
    void exited.then(() => {
      hasRedis = false;
      fail(
        new Error(
          'The private Redis exited, so the service stops. Start it again: unfinished jobs continue.',
        ),
      );
    });
    api = launch('api', new URL('../../api/main.js', import.meta.url), {
      env: { REDIS_URL: redisUrl },
      stopMs: STOP_MS,
    });
    const many = options.workers.length > 1;
    for (const [i, env] of options.workers.entries()) {
      const name = many ? `worker ${i + 1}` : 'worker';
      const main = new URL('../../workers/main.js', import.meta.url);
      const own = { ...env, ...portOfWorker(i, options.env), REDIS_URL: redisUrl };
      workers.push(launch(name, main, { env: own, stopMs: drainMs + STOP_MS }));
    }
    const { url } = await api.ready;
    if (url === undefined) throw new ForebayError('internal', 'The API did not report its address.');
    return { url, redisUrl, embeddedRedis: embedded };
  }

  async function drainWorkers(): Promise<void> {
    await Promise.all(workers.map((worker) => worker.stop()));
  }

  function kill(): void {
    for (const supervisor of [...workers, ...(api === null ? [] : [api])]) supervisor.kill();
    removeMemory();
  }

  async function shutDown(): Promise<void> {
    // Without Redis, workers can neither finish blocks nor hand them back.
    if (!hasRedis) kill();
    await drainWorkers();
    await api?.stop();
    removeMemory();
    const running = await redis?.catch(() => null);
    await running?.stop();
  }

  function removeMemory(): void {
    try {
      if (memory !== null) removeRunFolder(memory);
    } catch {
      // A killed process has just written a file there. The next start removes the folder.
    }
  }

  function stop(): Promise<void> {
    stopped ??= shutDown();
    return stopped;
  }

  return {
    async start() {
      try {
        return await startAll();
      } catch (error) {
        await stop();
        throw error;
      }
    },
    workersReady: () => Promise.all(workers.map((worker) => worker.ready)),
    failed,
    drainWorkers,
    stop,
    kill,
  };
}

/** A restarted API takes the port of the first one, so that clients still find it. */
function samePort(ready: Ready | null): Record<string, string> {
  return ready?.url === undefined ? {} : { FOREBAY_PORT: new URL(ready.url).port };
}

function interrupted(): ForebayError {
  return new ForebayError('internal', 'Stopped while starting.');
}
