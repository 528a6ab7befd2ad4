/** Wires the parts of the API together once Redis answers. main.ts handles listening and signals. */
import type { Redis } from 'ioredis';
import { inputFolders, linkFolders, type Config } from '../shared/config/config.ts';
import { createKeyStore } from '../shared/keys/key-store.ts';
import { createModelPlaces } from '../shared/models/places/model-places.ts';
import { createModelFolderReader } from '../shared/models/model-folder-reader.ts';
import type { Events } from '../shared/observe/events.ts';
import type { Metrics } from '../shared/observe/metrics/instruments.ts';
import { measureRedis } from '../shared/observe/metrics/measure-redis.ts';
import { redisMemory } from '../shared/redis/redis-memory.ts';
import { createBlockQueues } from '../shared/queue/blocks/block-queue.ts';
import { connectRedis } from '../shared/queue/connection.ts';
import { createJobStore } from '../shared/queue/jobs/job-store.ts';
import { readBlockMap } from '../shared/queue/blocks/block-map.ts';
import { createJobWindow } from '../shared/queue/blocks/job-window.ts';
import { createQueueSlots } from '../shared/queue/blocks/queue-slots.ts';
import { createScaleMemory } from '../shared/queue/workers/scale-memory.ts';
import { createStoredModelOrders } from '../shared/queue/workers/stored-model-orders.ts';
import { createIntakeOrders } from '../shared/queue/workers/intake-orders.ts';
import { createModelOrders } from '../shared/queue/workers/model-orders.ts';
import { createSampleRequests } from '../shared/queue/workers/sample-requests.ts';
import { createLeftovers } from '../shared/queue/jobs/leftovers.ts';
import { createBufferPool } from '../shared/process/buffer-pool.ts';
import { openBodyFolder } from '../shared/queue/online/body-folder.ts';
import { createOnlineRequests } from '../shared/queue/online/online-requests.ts';
import { readOnlineUse } from '../shared/queue/online/online-use.ts';
import { createScripts } from '../shared/queue/scripts.ts';
import { createWake } from '../shared/queue/wake.ts';
import { createWebhookQueue } from '../shared/queue/webhook-queue.ts';
import { createWorkerRegistry } from '../shared/queue/workers/worker-registry.ts';
import { checkWrite } from '../shared/redis/check-write.ts';
import { sortIn } from '../shared/delta/id-join.ts';
import { createDatasetFiles } from '../shared/datasets/bytes/dataset-files.ts';
import { createOutputs } from '../shared/storage/outputs.ts';
import { createStores } from '../shared/stores/stores.ts';
import { createAccess } from './http/access.ts';
import { createApp } from './http/app.ts';
import { createHeldBytes } from './http/body/held-bytes.ts';
import { createFeeders } from './feeder/feeders.ts';
import { queueLimit } from './feeder/policies.ts';
import { createJobUseCases } from './jobs/job-use-cases.ts';
import { measureService } from './metrics/measure-api.ts';
import { createReadRowInput } from './jobs/row-input/read-row-input.ts';
import { createAskedModels } from './models/asked-model.ts';
import { createModelCatalog } from './models/model-catalog.ts';
import { createOnlineModels } from './online/online-models.ts';
import { createPredict } from './online/predict.ts';
import { createDatasetOpener } from './jobs/create/dataset-opener.ts';
import { createOutputResolver } from './jobs/output/resolve-output.ts';
import { createQuotas } from './jobs/create/quotas.ts';
import { createInputResolver } from './jobs/create/resolve-input.ts';
import { queueNamesOf, surveyService, type SurveyDeps } from './overview/survey-service.ts';
import { createPoolScales } from './scale/pool-scales.ts';
import { createInlinePipelines } from '../shared/queue/workers/inline-pipelines.ts';
import { serviceChores } from './sweeper/service-chores.ts';
import { startSweeper } from './sweeper/sweeper.ts';
import { createWebhookUrlCheck } from './webhooks/check-webhook-url.ts';
import { createWebhookDispatcher } from './webhooks/dispatcher.ts';
import { createWebhookSender } from './webhooks/send-webhook.ts';

/** Bytes of buffers that wait for the next body. Enough for about 100 photos. */
const ONLINE_FREE_BYTES = 16 * 1024 * 1024;
/** Wake-ups that the API listens to. */
const API_KINDS = ['job', 'progress', 'slots', 'turn', 'workers', 'sampled'] as const;

export interface ApiService {
  readonly app: ReturnType<typeof createApp>;
  /** Stops background work. Requests are still answered. */
  stopBackground(): Promise<void>;
  /** Closes all connections to Redis. */
  disconnect(): Promise<void>;
}

/**
 * Rejects with ForebayError `keys_required` if the API would be open to others and there is no valid key, or
 * `config_invalid` if an entry of FOREBAY_WEBHOOK_ALLOW is wrong.
 */
export async function createApiService(options: {
  readonly config: Config;
  readonly redisUrl: string;
  /** A connection for background work, on which Redis has answered. */
  readonly background: Redis;
  readonly onError: (error: Error) => void;
  readonly events: Events;
  /** Counts the events of this process. */
  readonly metrics: Metrics;
  readonly version: string;
  readonly shutdown: AbortSignal;
}): Promise<ApiService> {
  const { config, redisUrl, background, onError, events, metrics, version, shutdown } = options;
  const { emit } = events;
  const redis = connectRedis(redisUrl, 'request', onError);
  const access = await createAccess({
    ...config,
    requestsPerS: config.quotaRequestsPerS,
    folders: { shared: config.inputRoots, own: [config.dataDir, ...config.outputRoots] },
    keys: createKeyStore({ redis }),
    keysState: () => createKeyStore({ redis: background }).state(),
    emit,
  });
  const subscriber = connectRedis(redisUrl, 'background', onError);
  const wake = await createWake(subscriber, API_KINDS);
  // Payloads are large, so they do not share a connection with other requests.
  const onlineRedis = connectRedis(redisUrl, 'request', onError);

  const run = createScripts(redis);
  const jobs = createJobStore({ redis, run });
  const workers = createWorkerRegistry({ redis });
  const backgroundDeps = { redis: background, run: createScripts(background) };
  const queues = createBlockQueues({ ...backgroundDeps, onError });
  /** Fails soon if Redis is away. A scrape must not wait for it. */
  const requestQueues = createBlockQueues({ redis, run, onError });
  const slots = createQueueSlots({ redis, run });
  const stores = createStores(config);
  const reader = createModelFolderReader(createModelPlaces({ ...config, stores }));
  const models = createModelCatalog({ reader, dirs: config.modelsDirs, workers });
  const files = createDatasetFiles({ ...config, stores });
  const input = createInputResolver({
    ...config,
    stores,
    files,
    ...inputFolders(config),
    ownerOf: async (id) => jobs.tenantOf(id),
  });
  const outputs = createOutputs(stores);
  const sort = sortIn(config.dataDir);
  const open = createDatasetOpener(linkFolders(config), config, { stores, files, outputs, sort });
  const output = createOutputResolver({
    outputRoots: config.outputRoots,
    objectOutputRoots: config.objectOutputRoots,
    resultsDir: config.resultsDir,
    outputs,
  });

  const window = createJobWindow({ redis, run });
  const readRowInput = createReadRowInput({
    ...config,
    linkFolders: linkFolders(config),
    kindOf: models.rowKindOf,
    openDataset: open,
    stores,
    files,
    outputs,
    window,
  });

  const webhooks = createWebhookQueue({ redis, run });
  const requests = createJobUseCases({
    jobs,
    window,
    models: createAskedModels(models, createInlinePipelines({ redis, run })),
    input,
    files,
    output,
    webhooks,
    workers,
    samples: createSampleRequests({ redis, wake }),
    openDataset: open,
    checkWebhook: createWebhookUrlCheck(config.webhookAllow),
    maxJobs: config.maxJobs,
    maxRows: config.maxRows,
    queueLimit: config.queueLimit,
    quotas: createQuotas(jobs, config.quotas),
  });

  const backgroundJobs = createJobStore(backgroundDeps);
  const backgroundSlots = createQueueSlots(backgroundDeps);
  const backgroundWorkers = createWorkerRegistry({ redis: background });
  const feeders = createFeeders({
    jobs: backgroundJobs,
    window: createJobWindow(backgroundDeps),
    queues,
    slots: backgroundSlots,
    workers: backgroundWorkers,
    wake,
    openDataset: open,
    outputs,
    sort,
    spool: input,
    queueLimit: config.queueLimit,
    maxRows: config.maxRows,
    emit,
  });
  const leftovers = createLeftovers(backgroundDeps);
  const sweeper = startSweeper({
    leftovers,
    chores: serviceChores({
      leftovers,
      jobs: backgroundJobs,
      queues,
      slots: backgroundSlots,
      workers: backgroundWorkers,
      modelOrders: createStoredModelOrders(backgroundDeps),
      pipelines: createInlinePipelines(backgroundDeps),
      spoolDir: config.spoolDir,
      outputs,
    }),
    emit,
  });
  const dispatcher = createWebhookDispatcher({
    queue: createWebhookQueue(backgroundDeps),
    jobs: backgroundJobs,
    sender: createWebhookSender({
      allow: config.webhookAllow,
      timeoutMs: config.webhooks.timeoutMs,
      userAgent: `forebay/${version}`,
    }),
    settings: config.webhooks,
    emit,
  });
  const onlineModels = createOnlineModels({ findModel: models.findForRequest, workers, wake });
  const onlineBuffers = createBufferPool(ONLINE_FREE_BYTES);
  const predict = createPredict({
    models: onlineModels,
    requests: await createOnlineRequests({
      run: createScripts(onlineRedis),
      redis: onlineRedis,
      subscriber,
      limits: {
        requests: config.onlineMaxRequests,
        bytes: config.onlineMaxBytes,
        // Without keys, all callers are one tenant.
        tenants: access.keys === undefined ? 'whole' : 'shared',
      },
      onUnused: (payload) => onlineBuffers.giveBack(payload),
      folder: openBodyFolder(config.onlineDir),
    }),
  });
  const survey: SurveyDeps = {
    jobs,
    workers,
    queues: requestQueues,
    slots,
    queueLimit: (lanes) => queueLimit(lanes, config.queueLimit),
  };
  const scales = createPoolScales({
    survey,
    jobs,
    memory: createScaleMemory({ redis, run }),
    settings: config.scale,
  });
  measureRedis(metrics, events, async () => redis.ping());
  measureService(metrics, {
    survey: async () => surveyService(survey),
    scales: async (activity) => scales.all(activity),
    onlineUse: async () => readOnlineUse(redis),
    redisMemory: async () => redisMemory(redis),
  });
  const app = createApp({
    jobs,
    metrics,
    survey,
    scales,
    scaleTargetS: config.scale.targetS,
    board: { queues: requestQueues, queueNames: async () => queueNamesOf(survey) },
    queues,
    slots,
    workers,
    wake,
    models,
    outputs,
    modelOrders: createModelOrders({ redis }),
    orders: createIntakeOrders({ run }),
    emit,
    version,
    shutdown,
    webhooks,
    predict,
    onlineModels,
    onlineBodies: createHeldBytes(config.onlineMaxBytes, onlineBuffers),
    access,
    ...requests,
    readRowInput,
    blockMap: async (id) => readBlockMap(redis, id),
    queueLimit: async (model) => queueLimit(await workers.liveLanes(model), config.queueLimit),
    ready: () => checkWrite(redis),
  });

  return {
    app,
    async stopBackground() {
      await Promise.all([feeders.close(), sweeper.close(), dispatcher.close()]);
    },
    async disconnect() {
      await Promise.all([queues.close(), requestQueues.close()]);
      await Promise.all([wake.close(), redis.quit(), onlineRedis.quit(), background.quit(), stores.close()]);
    },
  };
}
