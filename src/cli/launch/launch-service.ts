/**
 * The service in one process tree: a Redis, the API and workers as children, each kept alive. Whatever ends
 * the launcher ends them too: by stop(), by kill() on exit, or, after SIGKILL, by their closed IPC channel.
 */
import { PROCESSES } from '../../shared/config/groups/processes.ts';
import { readSettings } from '../../shared/config/read-settings.ts';
import { ForebayError } from '../../shared/errors.ts';
import { provideRedis, type ProvidedRedis } from '../redis/provide-redis.ts';
import { startServiceProcess, type Ready, type ServiceProcess } from './service-process.ts';
import { supervise, type Supervisor } from './supervisor.ts';

export interface ServiceOptions {
  readonly redis: Parameters<typeof provideRedis>[0];
  /** Environment of all children; FOREBAY_PORT 0 takes a free port. */
  readonly env: NodeJS.ProcessEnv;
  /** One worker each, with what its environment adds. */
  readonly workers: readonly Readonly<Record<string, string>>[];
  /** A line written by a child: its name, the line. */
  readonly onLine: (name: string, line: string) => void;
  /** News for the user, in a sentence. */
  readonly onNote: (line: string) => void;
}

export interface Service {
  /** Brings up Redis and the API; workers may still be loading. Stops what it started when it fails. */
  start(): Promise<{ url: string; redisUrl: string; embeddedRedis: boolean }>;
  /** What each worker said when it was ready; rejects when one failed to start. */
  workersReady(): Promise<Ready[]>;
  /** Settles when the service cannot go on, and why. */
  readonly failed: Promise<Error>;
  /** Lets the workers finish what they hold, and ends them; the API still answers. */
  drainWorkers(): Promise<void>;
  /** Drains the workers, then ends the API, then Redis; resolves when all are gone. */
  stop(): Promise<void>;
  /** Ends all processes at once. Safe in a process's exit handler. */
  readonly kill: () => void;
}

/** Reads and URL fetches of a worker, and file reads of the API, happen on libuv's threads (4 by default). */
const UV_THREADS = '16';

const GRACE = { shutdownGraceMs: PROCESSES.shutdownGraceMs };
/** Beyond what draining may take: closing connections, which waits for a Redis that may be gone. */
const STOP_MS = 10_000;

export function createService(options: ServiceOptions): Service {
  const { shutdownGraceMs: drainMs } = readSettings(GRACE, options.env);
  let redis: Promise<ProvidedRedis> | null = null;
  let api: Supervisor | null = null;
  const workers: Supervisor[] = [];
  let stopped: Promise<void> | null = null;
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
      start: (again) => startChild(name, main, { ...env, ...samePort(again) }),
    });
    void supervisor.gaveUp.then((error) => fail(error));
    return supervisor;
  }

  function startChild(name: string, main: URL, env: Readonly<Record<string, string>>): ServiceProcess {
    return startServiceProcess({
      name,
      main,
      env: { UV_THREADPOOL_SIZE: UV_THREADS, ...options.env, ...env },
      onLine: (line) => options.onLine(name, line),
    });
  }

  async function bringUp() {
    redis = provideRedis(options.redis);
    const { url: redisUrl, embedded, exited } = await redis;
    if (stopped !== null) throw interrupted();
    void exited.then(() => fail(new Error('The private Redis has ended, so everything is stopped.')));
    api = launch('api', new URL('../../api/main.js', import.meta.url), {
      env: { REDIS_URL: redisUrl },
      stopMs: STOP_MS,
    });
    const many = options.workers.length > 1;
    for (const [i, env] of options.workers.entries()) {
      const name = many ? `worker ${i + 1}` : 'worker';
      const main = new URL('../../workers/main.js', import.meta.url);
      workers.push(launch(name, main, { env: { ...env, REDIS_URL: redisUrl }, stopMs: drainMs + STOP_MS }));
    }
    const { url } = await api.ready;
    if (url === undefined) throw new ForebayError('internal', 'The API did not say where it listens.');
    return { url, redisUrl, embeddedRedis: embedded };
  }

  async function drainWorkers(): Promise<void> {
    await Promise.all(workers.map((worker) => worker.stop()));
  }

  async function shutDown(): Promise<void> {
    await drainWorkers();
    await api?.stop();
    const running = await redis?.catch(() => null);
    await running?.stop();
  }

  function stop(): Promise<void> {
    stopped ??= shutDown();
    return stopped;
  }

  return {
    async start() {
      try {
        return await bringUp();
      } catch (error) {
        await stop();
        throw error;
      }
    },
    workersReady: () => Promise.all(workers.map((worker) => worker.ready)),
    failed,
    drainWorkers,
    stop,
    kill() {
      for (const supervisor of [...workers, ...(api === null ? [] : [api])]) supervisor.kill();
    },
  };
}

/** An API that took a free port takes the same again, so that its clients find it. */
function samePort(ready: Ready | null): Record<string, string> {
  return ready?.url === undefined ? {} : { FOREBAY_PORT: new URL(ready.url).port };
}

function interrupted(): ForebayError {
  return new ForebayError('internal', 'Stopped while starting.');
}
