/** A worker process: wiring and signals only. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { linkFolders, readConfig } from '../shared/config/config.ts';
import { ForebayError, messageOf } from '../shared/errors.ts';
import { createRetryingFetch } from '../shared/net/retrying-fetch.ts';
import { createGuardedFetch } from '../shared/net/guarded-fetch.ts';
import { tellLauncher, untilAborted, watchForEnd } from '../shared/process/lifecycle.ts';
import { createEvents } from '../shared/observe/events.ts';
import { logEvents } from '../shared/observe/log-events.ts';
import { createLogger } from '../shared/observe/logger.ts';
import { describeMachine } from '../shared/profiles/machine-fingerprint.ts';
import type { Profile } from '../shared/profiles/profile.ts';
import { createProfileStore } from '../shared/profiles/profile-store.ts';
import { connectRedis } from '../shared/queue/connection.ts';
import { createJobWindow } from '../shared/queue/job-window.ts';
import { createQueueSlots } from '../shared/queue/queue-slots.ts';
import { createSampleRequests } from '../shared/queue/sample-requests.ts';
import { createScripts } from '../shared/queue/scripts.ts';
import { createWake } from '../shared/queue/wake.ts';
import { createWorkerRegistry, isLoaded, type ServedModel } from '../shared/queue/worker-registry.ts';
import { createRedisWatch } from '../shared/redis/redis-watch.ts';
import { createByteBudget } from './intake/byte-budget.ts';
import { serveHealth } from './health/health.ts';
import { startChildLane } from './lane-pool/child-lane.ts';
import { createLanePool } from './lane-pool/lane-pool.ts';
import { findModels, requireNamed, type FoundModels } from './models/find-models.ts';
import { findCgroupMemory } from '../shared/machine/cgroup-memory.ts';
import { visibleText } from '../shared/text/visible-text.ts';
import { createMemoryUse } from './memory/memory-use.ts';
import { createBudgetedReader } from './intake/read/budgeted-reader.ts';
import { createRowReader } from './intake/read/row-reader.ts';
import { READS_AT_ONCE, readResources } from './settings/resources.ts';
import { createSemaphore } from './intake/semaphore.ts';
import { planWorker, readProfiles } from './settings/tuned-settings.ts';
import { startWorker, type RunningWorker } from './worker.ts';

process.env['ORT_DISABLE_TELEMETRY'] = '1';

/** What a clean end may take beyond the grace time, where Redis does not answer. */
const AFTER_GRACE_MS = 5_000;

/** What a launcher is to know of the models at the start. */
function told(models: readonly ServedModel[], { problems }: FoundModels) {
  return {
    models: models.filter(isLoaded).map(({ ref }) => ref.name),
    problems: [
      ...problems
        // A folder that is not there may come yet.
        .filter(({ error }) => error.code !== 'model_not_found')
        .map(({ path, error }) => ({ model: path, message: error.message })),
      ...models.flatMap(({ ref, problem }) =>
        problem === null ? [] : [{ model: ref.name, message: problem.message }],
      ),
    ],
  };
}

const exitBeforeStart = () => process.exit(0);

async function main(): Promise<void> {
  const config = readConfig(process.env, process.cwd());
  const log = createLogger({ level: config.logLevel, name: 'worker' });
  const events = createEvents();
  logEvents(events, log);
  const exit = (code: number) => () => process.exit(code);
  const stop = watchForEnd({ onForced: exit(1), onOrphaned: exit(1) });
  // While it waits for Redis, and reads and hashes its models, nothing has been begun that would have to be ended.
  stop.addEventListener('abort', exitBeforeStart);
  if (config.redisUrl === undefined) {
    throw new ForebayError('config_invalid', 'A worker needs REDIS_URL, the Redis that the API uses.');
  }

  const watch = createRedisWatch({ redisUrl: config.redisUrl, emit: events.emit });
  let worker: RunningWorker | null = null;
  let hasStarted = false;
  const health =
    config.healthPort === undefined
      ? null
      : await serveHealth(config.healthPort, {
          info: () => (hasStarted ? worker?.health() : null) ?? { waitingFor: watch.waitingFor() },
          checkQueue: () => watch.checkWrite(),
        });
  const redis = connectRedis(config.redisUrl, 'background', watch.onError);
  await watch.from(redis);
  const run = createScripts(redis);
  const wake = await createWake(connectRedis(config.redisUrl, 'background', watch.onError), [
    'queue',
    'sample',
  ]);

  const wanted = { dirs: config.modelsDirs, only: config.models, pool: config.pool };
  const found = await findModels(wanted);
  requireNamed(wanted, found);
  const folders = found.models.map(({ folder }) => folder);
  const machine = readResources();
  const resources = { ...machine, memoryBytes: config.memoryLimitBytes ?? machine.memoryBytes };
  const profiles = new Map<string, Profile>();
  const store = createProfileStore({ cacheDir: config.cacheDir });
  const { fingerprint } = describeMachine(machine);
  const learn = async ({ models }: FoundModels) => {
    if (!config.profiles) return;
    const known = models.map(({ folder }) => folder);
    for (const [hash, profile] of await readProfiles(store, known, fingerprint)) profiles.set(hash, profile);
  };
  await learn(found);
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
  // From here on there are lanes to end, and soon blocks in hand.
  stop.removeEventListener('abort', exitBeforeStart);
  const { loadTimeoutMs } = config;
  const startLane = (index: number) =>
    startChildLane({ index, uvThreads: plan.decodeThreads, loadTimeoutMs });
  const lanes = createLanePool({ size: plan.lanes, log, startLane });
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
  worker = startWorker({
    id: `${hostname()}.${process.pid}.${randomUUID().slice(0, 8)}`,
    pool: config.pool,
    redis,
    window: createJobWindow({ redis, run }),
    slots: createQueueSlots({ redis, run }),
    registry: createWorkerRegistry({ redis }),
    onQueueError: watch.onError,
    wake,
    lanes,
    startLane,
    plan,
    resources: { ...resources, inflightBytes: config.maxInflightBytes },
    samples: createSampleRequests({ redis, wake }),
    tunedOf,
    wanted,
    found,
    learn,
    limits: {
      ...linkFolders(config),
      maxFileBytes: config.maxFileBytes,
      maxPixels: config.maxPixels,
      maxImageRatio: config.maxImageRatio,
      maxDecodeBytes: config.maxDecodeBytes,
      decodeRoomBytes: Math.min(config.maxDecodeBytes, plan.decodeRoomBytes),
      maxHeldBytes: config.maxInflightBytes / 2 / plan.lanes,
    },
    batchTimeoutS: config.batchTimeoutS,
    reader: createBudgetedReader({
      reader: createRowReader({
        fetchBytes: createRetryingFetch({
          fetchBytes: fetcher.fetchBytes,
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
    emit: events.emit,
  });

  await Promise.race([worker.settled, untilAborted(stop)]);
  hasStarted = true;
  if (!stop.aborted) tellLauncher({ type: 'ready', ...told(worker.info().models, found) });
  await untilAborted(stop);
  events.emit('worker.draining', {});
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
