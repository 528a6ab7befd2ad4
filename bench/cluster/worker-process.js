/**
 * A process with several workers whose lanes are the bench's own: everything else of them is what a worker process runs.
 * argv: JSON { workers, lanes, device }, where device is { latencyMs } of a simulated lane, or { tokens, callRows } of a
 * text lane; environment as of a worker.
 */
import { totalmem } from 'node:os';
import { readConfig } from '../../dist/shared/config/config.js';
import { createModelFolderReader } from '../../dist/shared/models/model-folder-reader.js';
import { createLogger } from '../../dist/shared/observe/logger.js';
import { connectRedis } from '../../dist/shared/queue/connection.js';
import { createJobWindow } from '../../dist/shared/queue/job-window.js';
import { createQueueSlots } from '../../dist/shared/queue/queue-slots.js';
import { createScripts } from '../../dist/shared/queue/scripts.js';
import { createWake } from '../../dist/shared/queue/wake.js';
import { createWorkerRegistry } from '../../dist/shared/queue/worker-registry.js';
import { createByteBudget } from '../../dist/workers/intake/byte-budget.js';
import { createLanePool } from '../../dist/workers/lane-pool/lane-pool.js';
import { createMemoryUse } from '../../dist/workers/memory/memory-use.js';
import { createBudgetedReader } from '../../dist/workers/intake/read/budgeted-reader.js';
import { createRowReader } from '../../dist/workers/intake/read/row-reader.js';
import { planLanes, readResources, requested } from '../../dist/workers/settings/resources.js';
import { createSemaphore } from '../../dist/workers/intake/semaphore.js';
import { startWorker } from '../../dist/workers/worker.js';
import { startSimulatedLane } from './simulated-lane.js';
import { startTextLane } from './text-lane.js';

const { workers, lanes, device } = JSON.parse(process.argv[2] ?? '{}');
const config = readConfig(process.env, process.cwd());
const log = createLogger({ level: config.logLevel, name: 'bench' });
const onError = (error) => log.warn({ error: String(error) }, 'Redis connection');
const models = createModelFolderReader();
const folders = (await models.list(config.modelsDirs[0])).models;

const resources = readResources();

async function start(i) {
  const redis = connectRedis(config.redisUrl, 'background', onError);
  const run = createScripts(redis);
  const budget = createByteBudget(config.maxInflightBytes);
  return startWorker({
    id: `bench.${process.pid}.${i}`,
    pool: config.pool,
    redis,
    window: createJobWindow({ redis, run }),
    slots: createQueueSlots({ redis, run }),
    registry: createWorkerRegistry({ redis }),
    wake: await createWake(connectRedis(config.redisUrl, 'background', onError), ['queue']),
    lanes: createLanePool({
      size: lanes,
      log,
      startLane: (index) =>
        device.tokens ? startTextLane({ index, ...device }) : startSimulatedLane({ index, ...device }),
    }),
    plan: planLanes(resources, 0, {
      lanes: requested('setting', lanes),
      threads: requested('setting', 1),
      decodeThreads: requested('setting', 1),
    }),
    resources: { ...resources, inflightBytes: config.maxInflightBytes },
    samples: null,
    tunedOf: () => null,
    cacheDir: config.cacheDir,
    folders,
    models,
    limits: {
      inputRoots: config.inputRoots,
      maxFileBytes: config.maxFileBytes,
      maxPixels: config.maxPixels,
      maxImageRatio: config.maxImageRatio,
      maxHeldBytes: config.maxInflightBytes,
    },
    batchTimeoutS: config.batchTimeoutS,
    reader: createBudgetedReader({
      reader: createRowReader({
        fetchBytes: async () => Promise.reject(new Error('no network here')),
        inputRoots: config.inputRoots,
        maxFileBytes: config.maxFileBytes,
      }),
      budget,
      atOnce: createSemaphore(32),
    }),
    budget,
    memoryUse: createMemoryUse({ limitBytes: totalmem(), cgroup: null }),
    shutdownGraceMs: 2000,
    log,
  });
}

const running = await Promise.all(Array.from({ length: workers }, (_, i) => start(i)));
process.send?.({ type: 'ready' });
process.once('disconnect', () => process.exit(1));
process.once('SIGTERM', () => {
  void Promise.all(running.map(async (worker) => worker.drain())).then(() => process.exit(0));
});
