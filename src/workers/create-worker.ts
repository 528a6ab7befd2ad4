/** Wires a worker together once Redis answers. main.ts handles signals, the health port and exit codes. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import type { Config } from '../shared/config/config.ts';
import { stopsIntake } from '../shared/domain/memory-level.ts';
import { inflightShares } from '../shared/domain/memory-shares.ts';
import { findCgroupMemory } from '../shared/machine/cgroup-memory.ts';
import type { Events } from '../shared/observe/events.ts';
import { createModelPlaces } from '../shared/models/places/model-places.ts';
import type { RowLimits } from '../shared/files/row-limits.ts';
import { connectRedis } from '../shared/queue/connection.ts';
import { untilAborted } from '../shared/process/lifecycle.ts';
import { createBlockQueues } from '../shared/queue/blocks/block-queue.ts';
import { createJobWindow } from '../shared/queue/blocks/job-window.ts';
import { createQueueSlots } from '../shared/queue/blocks/queue-slots.ts';
import { createDatasetFiles } from '../shared/datasets/bytes/dataset-files.ts';
import { createInlinePipelines } from '../shared/queue/workers/inline-pipelines.ts';
import { createModelOrders } from '../shared/queue/workers/model-orders.ts';
import { createSampleRequests } from '../shared/queue/workers/sample-requests.ts';
import { createByteScripts, createScripts } from '../shared/queue/scripts.ts';
import { createWake } from '../shared/queue/wake.ts';
import { createWorkerRegistry } from '../shared/queue/workers/worker-registry.ts';
import { createOutputs } from '../shared/storage/outputs.ts';
import { openBodyFolder } from '../shared/queue/online/body-folder.ts';
import { createOnlineWork } from '../shared/queue/online/online-work.ts';
import { createFileReader } from '../shared/rows/read-file.ts';
import { isObjectUrl } from '../shared/stores/object-url.ts';
import { createStores, storesOptions } from '../shared/stores/stores.ts';
import { createCacheBounds } from './cache/cache-bounds.ts';
import { createCacheOf } from './cache/cache-of.ts';
import { folderPlace } from './cache/folder-place.ts';
import { objectPlace } from './cache/object-place.ts';
import { createResultCache } from './cache/result-cache.ts';
import { createCompactor } from './compaction/compactor.ts';
import { createHeartbeat } from './health/heartbeat.ts';
import { createModelUses } from './health/model-uses.ts';
import { createWorkerInfo } from './health/worker-info.ts';
import { createWorkerView } from './health/worker-view.ts';
import { createBatcher } from './intake/batcher.ts';
import { createBlockSource } from './intake/block-source.ts';
import { createByteBudget } from './intake/byte-budget.ts';
import { createIntake } from './intake/intake.ts';
import { createQueueTakers } from './intake/queue-takers.ts';
import { createBudgetedReader } from './intake/read/budgeted-reader.ts';
import { createRowReader } from './intake/read/row-reader.ts';
import { createOutageCheck } from './intake/read/store-outage.ts';
import { createSemaphore } from '../shared/process/semaphore.ts';
import type { Lane } from './lane-pool/lane-handle.ts';
import { createLanePool } from './lane-pool/lane-pool.ts';
import { guardMemory } from './memory/memory-guard.ts';
import { createMemoryUse } from './memory/memory-use.ts';
import { foldersOf } from './models/find-models.ts';
import { whyForbidden } from '../shared/models/predictors-off.ts';
import { createModelLoader } from './models/model-loader.ts';
import { modelReport } from './models/model-report.ts';
import { createModelTrials } from './models/model-trials.ts';
import { createResidentOf } from './models/resident-of.ts';
import { createServedModels } from './models/served-models.ts';
import { createServesNothingReport, whyServesNothing } from './models/serves-nothing.ts';
import { createModelSizing } from './models/size-model.ts';
import { watchModels } from './models/watch-models.ts';
import { createOnlineAnswer } from './online/online-answer.ts';
import { createOnlineServer } from './online/online-server.ts';
import { createResidency } from './residency/residency.ts';
import { createEarlierParts } from './run/earlier-parts.ts';
import { createBlockRunner } from './run-block.ts';
import { createRunsInHand } from './run/runs-in-hand.ts';
import { createSampleRunner } from './samples/run-sample.ts';
import { startSampler } from './samples/sampler.ts';
import { READS_AT_ONCE } from './settings/plan-lanes.ts';
import { rowLimits } from './settings/row-limits.ts';
import { readSetup } from './settings/worker-setup.ts';
import { startWorker, type Worker } from './worker.ts';

/**
 * Delta jobs keep earlier parts decoded in memory. This is the share of the budget for fetched rows that those parts may
 * use. Results that blocks take over may use the same share again.
 */
const EARLIER_SHARE = 1 / 4;

export type StartLane = (lane: {
  readonly index: number;
  /** How many images the lane decodes at the same time. */
  readonly decodeThreads: number;
  /** Whether the lane decodes on threads of its own. */
  readonly threaded: boolean;
  readonly limits: RowLimits;
}) => Lane;

/**
 * Reads the models, plans the lanes, and starts the worker. The lanes start in the turn of the event loop in which the
 * returned promise settles. So a caller that gives up before that has no lanes to stop.
 * @throws ForebayError `model_not_found` if a model that was requested by name does not exist.
 */
export async function createWorker(options: {
  readonly config: Config;
  readonly redisUrl: string;
  /** A connection for background work, on which Redis has answered. The caller closes it. */
  readonly redis: Redis;
  /** Called with errors of every connection to Redis. */
  readonly onRedisError: (error: Error) => void;
  readonly startLane: StartLane;
  /** The events of this worker alone. */
  readonly events: Events;
}): Promise<Worker> {
  const { config, redis, onRedisError, events } = options;
  const { emit } = events;
  const id = `${hostname()}.${process.pid}.${randomUUID().slice(0, 8)}`;
  const subscriber = connectRedis(options.redisUrl, 'background', onRedisError);
  const wake = await createWake(subscriber, ['queue', 'urgent', 'sample', 'modelOrder', 'online', 'order']);

  // Payloads are large, so they do not share a connection with blocks.
  const onlineRedis = connectRedis(options.redisUrl, 'background', onRedisError);
  const onlineRun = createByteScripts(onlineRedis);
  const bodyFolder = openBodyFolder(config.onlineDir);
  const onlineWork = createOnlineWork({
    worker: id,
    redis: onlineRedis,
    run: onlineRun,
    subscriber,
    folder: bodyFolder,
  });
  await onlineWork.listen(
    (request) => online.drop(request),
    (queue, request) => online.handed(queue, request),
  );
  const modelOrders = createModelOrders({ redis });
  const standing = await modelOrders.all();
  const stores = createStores(config);
  const places = createModelPlaces({ ...config, stores });
  const { wanted, found, resources, profiles, plan, tunedOf } = await readSetup(config, places, emit);

  const { decodeThreads, threadedLanes } = plan;
  const limits = rowLimits(config, plan);
  const startLane = (index: number) =>
    options.startLane({ index, decodeThreads, threaded: index < threadedLanes, limits });
  const lanes = createLanePool({ size: plan.lanes, emit, startLane });
  const trials = createModelTrials({ startLane: () => startLane(plan.lanes), atOnce: plan.lanes + 1 });
  const files = createDatasetFiles({ ...config, stores });
  const fetchedBytes = inflightShares(config.maxInflightBytes).fetched;
  const budget = createByteBudget(fetchedBytes);
  const earlierBytes = fetchedBytes * EARLIER_SHARE;
  const reader = createBudgetedReader({
    reader: createRowReader({
      fetchBytes: async (url, signal, version) => (await stores.of(url)).read(url, { signal, version }),
      outages: createOutageCheck(stores),
      inputRoots: config.inputRoots,
      objectRoots: config.objectRoots,
      objectOutputRoots: config.objectOutputRoots,
      maxFileBytes: config.maxFileBytes,
      maxFetchRatio: config.maxFetchRatio,
      files,
      readFile: createFileReader(limits),
    }),
    files,
    limits: config,
    budget,
    atOnce: createSemaphore(READS_AT_ONCE),
  });
  const cachePlace = isObjectUrl(config.resultCache)
    ? objectPlace(config.resultCache, stores)
    : folderPlace(config.resultCache);
  const resultCache = createResultCache({
    place: cachePlace,
    bounds: createCacheBounds({ place: cachePlace, maxBytes: config.resultCacheBytes, emit }),
    emit,
  });
  const run = createScripts(redis);
  const takers = createQueueTakers({ redis, onMore: () => source.ring(), onError: onRedisError });

  // These parts call each other, so some callbacks name a part that is created below.
  const batcher = createBatcher({
    pool: lanes,
    moreMayArrive: () => source.mayBring || samples.mayBring,
    readingWaits: () => budget.spent,
    onSent() {
      source.ring();
      samples.ring();
    },
    emit,
  });
  const inUse = (queue: string) =>
    runs.queues().has(queue) || batcher.holds(queue) || lanes.isRunning(queue) || online.inUse(queue);
  const takesWork = () => intake.state === 'running';
  const reportServesNothing = createServesNothingReport((why) => emit('worker.serves_nothing', { why }));
  const models = createServedModels({
    pool: lanes,
    loader: createModelLoader({ pool: lanes, trials, predictors: config.predictors }),
    residentOf: createResidentOf({
      plan,
      tunedOf,
      batchTimeoutS: config.batchTimeoutS,
      cacheDir: config.cacheDir,
    }),
    sizeModel: createModelSizing({ plan, resources }),
    tunedOf,
    loadsAtOnce: (model) => residency.loadsAtOnce(model),
    onServed(queue) {
      batcher.join(queue);
      takers.open(queue);
      online.open(queue);
    },
    onGone(queue) {
      takers.close(queue);
      online.close(queue);
      void runs.handBackOf(queue);
      batcher.leave(queue);
    },
    onChange() {
      reportServesNothing(whyServesNothing(models.describe(), wanted));
      void heartbeat.announce();
    },
    emit,
  });
  const outputs = createOutputs(stores);
  const queues = createBlockQueues({ redis, run, onError: onRedisError });
  const residency = createResidency({
    budgetBytes: config.modelsBytes ?? null,
    models,
    isAllowed: ({ found: { folder } }) => config.predictors || whyForbidden(folder.config) === null,
    modelOrders,
    standing,
    inUse,
    isNeeded: async (queue) => takesWork() && ((await queues.holdsAny(queue)) || online.isNeeded(queue)),
    emit,
  });
  const runs = createRunsInHand({
    runBlock: createBlockRunner({
      window: createJobWindow({ redis, run }),
      slots: createQueueSlots({ redis, run }),
      reader,
      files,
      outputs,
      earlierParts: createEarlierParts(outputs, earlierBytes),
      takenBudget: createByteBudget(earlierBytes),
      batcher,
      compactor: createCompactor({
        stores: storesOptions(config),
        spillFolder: join(config.cacheDir, 'spill'),
      }),
      groupOf: (queue, { spec }) => models.groupOf(queue, spec.options, spec.tenant),
      cacheOf: createCacheOf({ cache: resultCache, modelOf: (queue) => models.of(queue) }),
      emit,
    }),
    onEnded: () => source.ring(),
  });
  const source = createBlockSource({
    takers: takers.all,
    blocksWanted: batcher.blocksWanted,
    goesAhead: batcher.goesAhead,
    bestWaiting: async (queue) => queues.bestPriority(queue),
    onIdle: batcher.pump,
    begin: async (block) => runs.begin(block),
    emit,
  });
  const samples = createSampleRunner({
    reader,
    batcher,
    async groupOf(queue, asked, tenant, signal) {
      const group = models.groupOf(queue, asked, tenant);
      if (group !== null) return group;
      await residency.wake(queue);
      await Promise.race([models.settled(), untilAborted(signal)]);
      return models.groupOf(queue, asked, tenant);
    },
    lanesOf: (queue) => lanes.lanesOf(queue),
    blocksInHand: () => runs.count,
  });
  const online = createOnlineServer({
    work: onlineWork,
    wake,
    answer: createOnlineAnswer({ reader, batcher, groupOf: (...of) => models.groupOf(...of) }),
    pump: batcher.pump,
    lanesOf: (queue) => lanes.promptLanesOf(queue),
    onlineRowsOf(queue) {
      const sizes = models.onlineSizesOf(queue);
      return sizes && batcher.onlineRows({ model: queue, ...sizes });
    },
    memoryLevel: () => lanes.memory,
    onNeeded: (queue) => void residency.wake(queue),
    emit,
  });
  const intake = createIntake({ source, online, runs, onChange: () => void heartbeat.announce(), emit });
  const requests = createSampleRequests({ redis, wake });
  const sampler = startSampler({ id, requests, wake, samples, emit });

  const memoryUse = createMemoryUse({ limitBytes: resources.memoryBytes, cgroup: findCgroupMemory() });
  const view = createWorkerView({
    lanes,
    budget,
    memoryUse,
    memoryLevel: () => guard.level,
    limitBytes: resources.memoryBytes,
    models: models.describe,
    refused: models.refused,
    intake: () => intake.state,
  });
  const heartbeat = createHeartbeat({
    id,
    registry: createWorkerRegistry({ redis }),
    info: createWorkerInfo({
      id,
      pool: config.pool,
      resources,
      plan,
      view,
      uses: createModelUses(events),
      bodyFolder: bodyFolder?.id,
    }),
    onOrder: (order) => intake.follow(order),
    emit,
  });
  const guard = guardMemory({
    lanes,
    use: memoryUse,
    onLevel(level) {
      lanes.memory = level;
      budget.hold(stopsIntake(level));
      source.ring();
      online.ring();
      void heartbeat.announce();
    },
    emit,
  });
  models.sync(found);
  const watch = watchModels({
    wanted,
    known: found,
    inline: createInlinePipelines({ redis, run }),
    async onChange(now) {
      await profiles.learn(foldersOf(now));
      models.sync(now);
    },
    // Lanes may still have the files of an earlier folder.
    inUse: () =>
      models
        .all()
        .flatMap(({ found: { folder }, resident }) => (folder.inline ? [] : [folder.dir, resident.load.dir])),
    emit,
  });
  residency.start();
  const unlisten = [
    wake.on('queue', (queue) => {
      if (takers.has(queue)) source.ring();
      else if (takesWork()) void residency.wake(queue);
    }),
    wake.on('urgent', (queue) => takers.has(queue) && source.urge(queue)),
    wake.on('modelOrder', (queue) => models.of(queue) && residency.ring()),
    wake.on('order', (worker) => worker === id && heartbeat.ring()),
  ];

  return startWorker({
    heartbeat,
    models,
    takers,
    intake,
    source,
    sampler,
    runs,
    lanes,
    guard,
    health: () => {
      const all = models.describe();
      return { models: all, servesNothing: whyServesNothing(all, wanted), intake: intake.state };
    },
    view,
    modelReport: () => modelReport(models.describe(), found),
    stopWatching() {
      for (const end of unlisten) end();
      residency.stop();
      watch.stop();
    },
    closeConnections: async () =>
      Promise.all([queues.close(), wake.close(), onlineRedis.quit(), stores.close()]),
    shutdownGraceMs: config.shutdownGraceMs,
    emit,
  });
}
