/** A worker process: wiring and signals only. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { inputPlaces, readConfig } from '../shared/config/config.ts';
import { ForebayError, messageOf } from '../shared/errors.ts';
import { createModelFolderReader, type ModelFolderReader } from '../shared/models/model-folder-reader.ts';
import type { ModelFolder } from '../shared/models/model-folder.ts';
import { createCircuitBreaker } from '../shared/net/circuit-breaker.ts';
import { createRetryingFetch } from '../shared/net/retrying-fetch.ts';
import { createGuardedFetch } from '../shared/net/guarded-fetch.ts';
import { tellLauncher, untilAborted, watchForEnd } from '../shared/observe/lifecycle.ts';
import { createLogger, type Logger } from '../shared/observe/logger.ts';
import { describeMachine } from '../shared/profiles/machine-fingerprint.ts';
import { createProfileStore } from '../shared/profiles/profile-store.ts';
import { connectRedis } from '../shared/queue/connection.ts';
import { createJobWindow } from '../shared/queue/job-window.ts';
import { createQueuePlaces } from '../shared/queue/queue-places.ts';
import { createSampleRequests } from '../shared/queue/sample-requests.ts';
import { createScripts } from '../shared/queue/scripts.ts';
import { createWake } from '../shared/queue/wake.ts';
import { createWorkerRegistry } from '../shared/queue/worker-registry.ts';
import { createRedisWatch } from '../shared/redis/redis-watch.ts';
import { createByteBudget } from './byte-budget.ts';
import { serveHealth } from './health.ts';
import { startChildLane } from './lanes/child-lane.ts';
import { createLanePool } from './lanes/lane-pool.ts';
import { findCgroupMemory } from '../shared/machine/cgroup-memory.ts';
import { visibleText } from '../shared/visible-text.ts';
import { createMemoryUse } from './memory/memory-use.ts';
import { createBudgetedReader } from './read/budgeted-reader.ts';
import { createRowReader } from './read/row-reader.ts';
import { READS_AT_ONCE, readResources } from './resources.ts';
import { createSemaphore } from './semaphore.ts';
import { planWorker, readProfiles } from './tuned-settings.ts';
import { startWorker } from './worker.ts';

process.env['ORT_DISABLE_TELEMETRY'] = '1';

/** What a clean end may take beyond the grace time, where Redis does not answer. */
const AFTER_GRACE_MS = 5_000;

async function findModels(
  reader: ModelFolderReader,
  dirs: readonly string[],
  only: readonly string[],
  pool: string,
  log: Logger,
) {
  const folders: ModelFolder[] = [];
  const problems: { model: string; message: string }[] = [];
  for (const dir of dirs) {
    const listing = await reader.list(dir).catch((error: unknown) => {
      log.warn({ dir, error: messageOf(error) }, 'no models read');
      return { models: [], problems: [] };
    });
    folders.push(...listing.models);
    for (const { dir: folder, error } of listing.problems) {
      log.error({ dir: folder, code: error.code }, error.message);
      problems.push({ model: folder, message: error.message });
    }
  }
  const mine = folders.filter((f) => f.ref.pool === pool && (only.length === 0 || only.includes(f.ref.name)));
  for (const name of only) {
    if (!mine.some((f) => f.ref.name === name)) {
      throw new ForebayError(
        'model_not_found',
        `No model "${name}" for pool "${pool}" in ${dirs.join(', ')}.`,
      );
    }
  }
  return { folders: mine, problems };
}

const exitBeforeStart = () => process.exit(0);

async function main(): Promise<void> {
  const config = readConfig(process.env, process.cwd());
  const log = createLogger({ level: config.logLevel, name: 'worker' });
  const exit = (code: number) => () => process.exit(code);
  const stop = watchForEnd({ onForced: exit(1), onOrphaned: exit(1) });
  // Until Redis has answered nothing has been begun that would have to be ended.
  stop.addEventListener('abort', exitBeforeStart);
  if (config.redisUrl === undefined) {
    throw new ForebayError('config_invalid', 'A worker needs REDIS_URL, the Redis that the API uses.');
  }

  const watch = createRedisWatch({ redisUrl: config.redisUrl, log });
  let worker: Awaited<ReturnType<typeof startWorker>> | null = null;
  const health =
    config.healthPort === undefined
      ? null
      : await serveHealth(config.healthPort, {
          info: () => worker?.info() ?? { waitingFor: watch.waitingFor() },
          checkQueue: () => watch.checkWrite(),
        });
  const redis = connectRedis(config.redisUrl, 'background', watch.onError);
  await watch.from(redis);
  stop.removeEventListener('abort', exitBeforeStart);
  const run = createScripts(redis);
  const wake = await createWake(connectRedis(config.redisUrl, 'background', watch.onError), [
    'queue',
    'sample',
  ]);

  const models = createModelFolderReader();
  const { folders, problems } = await findModels(models, config.modelsDirs, config.models, config.pool, log);
  const machine = readResources();
  const resources = { ...machine, memoryBytes: config.memoryLimitBytes ?? machine.memoryBytes };
  const profiles = config.profiles
    ? await readProfiles(
        createProfileStore({ cacheDir: config.cacheDir }),
        folders,
        describeMachine(machine).fingerprint,
      )
    : new Map<string, never>();
  const { plan, tunedOf } = planWorker(
    resources,
    folders,
    { lanes: config.lanes, threads: config.threadsPerLane, decodeThreads: config.decodeThreads },
    profiles,
  );
  log.info(
    {
      ...plan.choices,
      cpus: resources.cpus,
      memory_mb: Math.round(resources.memoryBytes / 2 ** 20),
      tuned: folders.filter((folder) => tunedOf(folder)?.shape).map(({ ref }) => ref.name),
    },
    'lanes planned',
  );
  const lanes = createLanePool({
    size: plan.lanes,
    log,
    startLane: (index) => startChildLane({ index, uvThreads: plan.decodeThreads }),
  });
  // Lanes are children of their own: none may outlive this process, whatever ends it.
  process.on('exit', () => lanes.killAll());

  const fetcher = createGuardedFetch({
    allow: config.fetchAllow,
    timeoutMs: config.fetchTimeoutMs,
    maxBytes: config.maxFileBytes,
    maxRatio: config.maxFetchRatio,
    userAgent: 'forebay',
  });
  // Half for what is fetched here, half for the files that lanes open: no job can have more of a worker.
  const budget = createByteBudget(config.maxInflightBytes / 2);
  worker = await startWorker({
    id: `${hostname()}.${process.pid}.${randomUUID().slice(0, 8)}`,
    pool: config.pool,
    redis,
    window: createJobWindow({ redis, run }),
    places: createQueuePlaces({ redis, run }),
    registry: createWorkerRegistry({ redis }),
    onQueueError: watch.onError,
    wake,
    lanes,
    plan,
    resources: { ...resources, inflightBytes: config.maxInflightBytes },
    samples: createSampleRequests({ redis, wake }),
    tunedOf,
    folders,
    models,
    limits: {
      ...inputPlaces(config),
      maxFileBytes: config.maxFileBytes,
      maxPixels: config.maxPixels,
      maxImageRatio: config.maxImageRatio,
      maxHeldBytes: config.maxInflightBytes / 2 / plan.lanes,
    },
    batchTimeoutS: config.batchTimeoutS,
    reader: createBudgetedReader({
      reader: createRowReader({
        fetchBytes: createRetryingFetch({
          fetchBytes: fetcher.fetchBytes,
          breaker: createCircuitBreaker(),
          tries: config.fetchTries,
        }),
        inputRoots: config.inputRoots,
        maxFileBytes: config.maxFileBytes,
      }),
      budget,
      atOnce: createSemaphore(READS_AT_ONCE),
    }),
    budget,
    cacheDir: config.cacheDir,
    memoryUse: createMemoryUse({ limitBytes: resources.memoryBytes, cgroup: findCgroupMemory() }),
    laneGrowthFactor: config.laneGrowthFactor,
    shutdownGraceMs: config.shutdownGraceMs,
    log,
  });

  const served = worker.info().models;
  tellLauncher({
    type: 'ready',
    models: served.filter((m) => !m.problem).map((m) => m.ref.name),
    problems: [
      ...problems,
      ...served.filter((m) => m.problem).map((m) => ({ model: m.ref.name, message: m.problem!.message })),
    ],
  });
  await untilAborted(stop);
  log.info({}, 'draining');
  setTimeout(exit(1), config.shutdownGraceMs + AFTER_GRACE_MS);
  health?.close();
  await worker.drain();
  await Promise.all([wake.close(), fetcher.close(), redis.quit()]);
  process.exit(0);
}

main().catch((error: unknown) => {
  const code = error instanceof ForebayError ? error.code : 'internal';
  tellLauncher({ type: 'failed', code, message: messageOf(error) });
  process.stderr.write(`forebay worker: ${visibleText(messageOf(error))}\n`);
  process.exit(1);
});
