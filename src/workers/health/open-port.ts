/** Opens the worker's port, if it is configured. Metrics are counted only then, so they cost nothing otherwise. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../../shared/config/config.ts';
import type { Events } from '../../shared/observe/events.ts';
import type { RedisWatch } from '../../shared/redis/redis-watch.ts';
import type { Worker } from '../worker.ts';

export interface PortDeps {
  readonly events: Events;
  /** Null until Redis has answered. */
  readonly worker: () => Worker | null;
  readonly watch: Pick<RedisWatch, 'waitingFor' | 'checkWrite'>;
  readonly ping: () => Promise<unknown>;
}

/** Null: no port is configured. */
export async function openPort(
  { workerHost: host, workerPort: port }: Pick<Config, 'workerHost' | 'workerPort'>,
  { events, worker, watch, ping }: PortDeps,
): Promise<Server | null> {
  if (port === undefined) return null;
  const [{ measureWorker }, { measureRedis }, { serveHealth }] = await Promise.all([
    import('../metrics/measure-worker.ts'),
    import('../../shared/observe/metrics/measure-redis.ts'),
    import('./health.ts'),
  ]);
  const metrics = measureWorker(events, () => worker()?.view() ?? null);
  measureRedis(metrics, events, ping);
  const server = await serveHealth(
    { host, port },
    {
      info: () => worker()?.health() ?? { waitingFor: watch.waitingFor() },
      checkQueue: () => watch.checkWrite(),
      metrics,
    },
  );
  const { port: taken } = server.address() as AddressInfo;
  events.emit('worker.listening', { url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}` });
  return server;
}
