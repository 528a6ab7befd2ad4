/**
 * Runs several workers in one process. Their lanes are the benchmark's, and everything else is the service's.
 * The argument is JSON { workers, lanes, device }. `device` is { latencyMs } for simulated lanes, or { tokens, callRows }
 * for text lanes. The process needs the environment of a worker.
 */
import { readConfig } from '../../dist/shared/config/config.js';
import { messageOf } from '../../dist/shared/errors.js';
import { createEvents } from '../../dist/shared/observe/events.js';
import { logEvents } from '../../dist/shared/observe/log-events.js';
import { createLogger } from '../../dist/shared/observe/logger.js';
import { connectRedis } from '../../dist/shared/queue/connection.js';
import { createWorker } from '../../dist/workers/create-worker.js';
import { startSimulatedLane } from './simulated-lane.js';
import { startTextLane } from './text-lane.js';

const { workers, lanes, device } = JSON.parse(process.argv[2] ?? '{}');
const config = {
  ...readConfig(process.env, process.cwd()),
  lanes,
  threadsPerLane: 1,
  decodeThreads: 1,
  shutdownGraceMs: 2_000,
};
const log = createLogger({ level: config.logLevel, name: 'bench' });

async function start() {
  const events = createEvents();
  logEvents(events, log);
  const onRedisError = (error) => events.emit('redis.connection_failed', { error: messageOf(error) });
  return createWorker({
    config,
    redisUrl: config.redisUrl,
    redis: connectRedis(config.redisUrl, 'background', onRedisError),
    onRedisError,
    startLane: ({ index, limits }) =>
      device.tokens ? startTextLane({ index, limits, ...device }) : startSimulatedLane({ index, ...device }),
    events,
  });
}

const running = await Promise.all(Array.from({ length: workers }, start));
await Promise.all(running.map(async (worker) => worker.booted));
process.send?.({ type: 'ready' });
process.on('exit', () => {
  for (const worker of running) worker.killLanes();
});
process.once('disconnect', () => process.exit(1));
process.once('SIGTERM', () => {
  void Promise.all(running.map(async (worker) => worker.drain())).then(() => process.exit(0));
});
