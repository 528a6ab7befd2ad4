/** The API process. It listens, waits for Redis, answers requests, and ends on a signal. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir } from 'node:fs/promises';
import { serve, type ServerType } from '@hono/node-server';
import { readConfig, type Config } from '../shared/config/config.ts';
import { ForebayError, messageOf } from '../shared/errors.ts';
import { listenError } from '../shared/net/listen-error.ts';
import { PROGRAM_VERSION } from '../shared/process/program-version.ts';
import { tellLauncher, untilAborted, watchForEnd } from '../shared/process/lifecycle.ts';
import { createEvents } from '../shared/observe/events.ts';
import { logEvents } from '../shared/observe/log-events.ts';
import { createLogger } from '../shared/observe/logger.ts';
import { startTracing } from '../shared/observe/tracing/start-tracing.ts';
import { connectRedis } from '../shared/queue/connection.ts';
import { createRedisWatch } from '../shared/redis/redis-watch.ts';
import { visibleText } from '../shared/text/visible-text.ts';
import { measureApi } from './metrics/measure-api.ts';
import { answerBrokenRequests } from './http/middleware/broken-requests.ts';
import { connectionLimits } from './http/middleware/connection-limits.ts';
import { createApiService } from './service.ts';
import { traceApi } from './traces/trace-api.ts';
import { answerWhileWaiting } from './http/while-waiting.ts';

type Answer = Parameters<typeof serve>[0]['fetch'];

async function main(): Promise<void> {
  const config = readConfig(process.env, process.cwd());
  const log = createLogger({ level: config.logLevel, name: 'api' });
  const events = createEvents();
  logEvents(events, log);
  const traces = startTracing(config, { kind: 'api', version: PROGRAM_VERSION }, events.emit);
  if (traces !== null) traceApi(events, traces, config.tracesPercent);
  const exit = (code: number) => () => process.exit(code);
  const stop = watchForEnd({ onForced: exit(1), onOrphaned: exit(1) });
  // Until Redis answers, nothing is running that needs a clean stop.
  stop.addEventListener('abort', exitBeforeStart);
  if (config.redisUrl === undefined) {
    throw new ForebayError('config_invalid', 'The API needs REDIS_URL. `forebay up` starts its own Redis.');
  }
  await mkdir(config.dataDir, { recursive: true });

  // It listens before it connects to Redis, so that clients learn that the service is waiting for Redis.
  let answer: Answer = answerWhileWaiting;
  const server = await listen((...args) => answer(...args), config);
  const { port } = server.address() as AddressInfo;
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;

  const watch = createRedisWatch({ redisUrl: config.redisUrl, emit: events.emit, meanwhile: { url } });
  const background = connectRedis(config.redisUrl, 'background', watch.onError);
  await watch.from(background);
  const service = await createApiService({
    config,
    redisUrl: config.redisUrl,
    background,
    onError: watch.onError,
    events,
    metrics: measureApi(events),
    version: PROGRAM_VERSION,
    shutdown: stop,
  });
  stop.removeEventListener('abort', exitBeforeStart);
  answer = service.app.fetch;
  events.emit('api.listening', { url });
  tellLauncher({ type: 'ready', url });

  await untilAborted(stop);
  events.emit('api.stopping', {});
  setTimeout(exit(1), STOP_MS);
  await service.stopBackground();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
  await service.disconnect();
  await traces?.close();
  process.exit(0);
}

/** Maximum time for a clean stop, in case Redis does not answer. */
const STOP_MS = 8_000;

const exitBeforeStart = () => process.exit(0);

async function listen(fetch: Answer, config: Config): Promise<Server> {
  const { host, port } = config;
  const server = await new Promise<ServerType>((resolve, reject) => {
    const started = serve({ fetch, hostname: host, port, serverOptions: connectionLimits(config) }, () =>
      resolve(started),
    );
    started.once('error', (error: NodeJS.ErrnoException) =>
      reject(listenError(error, { host, port, setting: '--port (FOREBAY_PORT)' })),
    );
  });
  server.maxConnections = config.maxConnections;
  answerBrokenRequests(server as Server, config);
  return server as Server;
}

main().catch((error: unknown) => {
  const code = error instanceof ForebayError ? error.code : 'internal';
  tellLauncher({ type: 'failed', code, message: messageOf(error) });
  process.stderr.write(`forebay api: ${visibleText(messageOf(error))}\n`);
  process.exit(1);
});
