/** A worker process: signals, the health port, messages to the launcher and exit codes. */
import { readConfig } from '../shared/config/config.ts';
import { ForebayError, messageOf } from '../shared/errors.ts';
import { createEvents } from '../shared/observe/events.ts';
import { logEvents } from '../shared/observe/log-events.ts';
import { createLogger } from '../shared/observe/logger.ts';
import { collectInOneGo } from '../shared/process/garbage-collection.ts';
import { PROGRAM_VERSION } from '../shared/process/program-version.ts';
import { tellLauncher, untilAborted, watchForEnd } from '../shared/process/lifecycle.ts';
import { startTracing } from '../shared/observe/tracing/start-tracing.ts';
import { connectRedis } from '../shared/queue/connection.ts';
import { createRedisWatch } from '../shared/redis/redis-watch.ts';
import { visibleText } from '../shared/text/visible-text.ts';
import { createWorker } from './create-worker.ts';
import { openPort } from './health/open-port.ts';
import { startChildLane } from './lane-pool/child-lane.ts';
import { traceBlocks } from './traces/trace-blocks.ts';
import type { Worker } from './worker.ts';

collectInOneGo();
process.env['ORT_DISABLE_TELEMETRY'] = '1';

/** Time that a clean exit may take after the grace time. It takes longer if Redis does not answer, for example. */
const AFTER_GRACE_MS = 5_000;

const exitBeforeStart = () => process.exit(0);

async function main(): Promise<void> {
  const config = readConfig(process.env, process.cwd());
  const { redisUrl, loadTimeoutMs } = config;
  const log = createLogger({ level: config.logLevel, name: 'worker' });
  const events = createEvents();
  logEvents(events, log);
  const traces = startTracing(config, { kind: 'worker', version: PROGRAM_VERSION }, events.emit);
  if (traces !== null) traceBlocks(events, traces, config.tracesPercent);
  const exit = (code: number) => () => process.exit(code);
  const stop = watchForEnd({ onForced: exit(1), onOrphaned: exit(1) });
  // Until the lanes start, nothing runs that must be stopped.
  stop.addEventListener('abort', exitBeforeStart);
  if (redisUrl === undefined) {
    throw new ForebayError('config_invalid', 'A worker needs REDIS_URL, the Redis that the API uses.');
  }

  const watch = createRedisWatch({ redisUrl, emit: events.emit });
  let started: Worker | null = null;
  const redis = connectRedis(redisUrl, 'background', watch.onError);
  const port = await openPort(config, {
    events,
    worker: () => started,
    watch,
    // While Redis is away, this connection would keep the command until it is back.
    ping: async () => (watch.waitingFor() === null ? redis.ping() : Promise.reject(new Error('away'))),
  });
  await watch.from(redis);
  const worker = await createWorker({
    config,
    redisUrl,
    redis,
    onRedisError: watch.onError,
    startLane: ({ index, decodeThreads, threaded, limits }) =>
      startChildLane({
        index,
        uvThreads: decodeThreads,
        decodeThreads: threaded ? decodeThreads : 0,
        limits,
        loadTimeoutMs,
      }),
    events,
  });
  started = worker;
  process.on('exit', () => worker.killLanes());
  stop.removeEventListener('abort', exitBeforeStart);

  await Promise.race([worker.booted, untilAborted(stop)]);
  if (!stop.aborted) tellLauncher({ type: 'ready', ...worker.modelReport() });
  await untilAborted(stop);
  setTimeout(exit(1), config.shutdownGraceMs + AFTER_GRACE_MS);
  await worker.drain();
  // Until here, /readyz says that the worker drains, and scrapes get its last counters.
  port?.close();
  await redis.quit();
  await traces?.close();
  process.exit(0);
}

main().catch((error: unknown) => {
  const code = error instanceof ForebayError ? error.code : 'internal';
  tellLauncher({ type: 'failed', code, message: messageOf(error) });
  process.stderr.write(`forebay worker: ${visibleText(messageOf(error))}\n`);
  process.exit(1);
});
