// Starts the API with a real Redis, real HTTP and its own folder. No worker or feeder runs. The test drives the jobs.
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { createAccess } from '#forebay/api/http/access.js';
import { createHeldBytes } from '#forebay/api/http/body/held-bytes.js';
import { NEW_BUFFERS } from '#forebay/shared/process/buffer-pool.js';
import { createApp, type AppDeps } from '#forebay/api/http/app.js';
import { createJobUseCases } from '#forebay/api/jobs/job-use-cases.js';
import { createOnlineModels } from '#forebay/api/online/online-models.js';
import { createPredict } from '#forebay/api/online/predict.js';
import { createAskedModels } from '#forebay/api/models/asked-model.js';
import { createModelCatalog } from '#forebay/api/models/model-catalog.js';
import { measureApi, measureService } from '#forebay/api/metrics/measure-api.js';
import { createPoolScales } from '#forebay/api/scale/pool-scales.js';
import { queueNamesOf, surveyService } from '#forebay/api/overview/survey-service.js';
import { createQuotas, type QuotaLimits } from '#forebay/api/jobs/create/quotas.js';
import { createReadRowInput } from '#forebay/api/jobs/row-input/read-row-input.js';
import { createDatasetOpener } from '#forebay/api/jobs/create/dataset-opener.js';
import { createOutputResolver } from '#forebay/api/jobs/output/resolve-output.js';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { createInputResolver } from '#forebay/api/jobs/create/resolve-input.js';
import { createWebhookUrlCheck } from '#forebay/api/webhooks/check-webhook-url.js';
import { packOutcomes } from '#forebay/shared/domain/outcomes.js';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { createKeyStore } from '#forebay/shared/keys/key-store.js';
import { createModelFolderReader } from '#forebay/shared/models/model-folder-reader.js';
import { createEvents } from '#forebay/shared/observe/events.js';
import { logEvents } from '#forebay/shared/observe/log-events.js';
import { createBlockQueues } from '#forebay/shared/queue/blocks/block-queue.js';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import { createJobStore } from '#forebay/shared/queue/jobs/job-store.js';
import { readOnlineUse } from '#forebay/shared/queue/online/online-use.js';
import { readBlockMap } from '#forebay/shared/queue/blocks/block-map.js';
import { createJobWindow } from '#forebay/shared/queue/blocks/job-window.js';
import { createQueueSlots } from '#forebay/shared/queue/blocks/queue-slots.js';
import { createSampleRequests } from '#forebay/shared/queue/workers/sample-requests.js';
import { createOnlineRequests } from '#forebay/shared/queue/online/online-requests.js';
import { createScripts } from '#forebay/shared/queue/scripts.js';
import { createWake } from '#forebay/shared/queue/wake.js';
import { createWebhookQueue } from '#forebay/shared/queue/webhook-queue.js';
import { createIntakeOrders } from '#forebay/shared/queue/workers/intake-orders.js';
import { createModelOrders } from '#forebay/shared/queue/workers/model-orders.js';
import { createScaleMemory } from '#forebay/shared/queue/workers/scale-memory.js';
import { createInlinePipelines } from '#forebay/shared/queue/workers/inline-pipelines.js';
import { createWorkerRegistry } from '#forebay/shared/queue/workers/worker-registry.js';
import { redisMemory } from '#forebay/shared/redis/redis-memory.js';
import { checkWrite } from '#forebay/shared/redis/check-write.js';
import { JSONL_SINK } from '#forebay/shared/sinks/jsonl/jsonl-sink.js';
import { FOLDER_OUTPUTS } from '#forebay/shared/storage/outputs.js';
import { publishBlock } from '#forebay/shared/storage/publish-block.js';
import { meanColourModel } from './onnx/models.ts';
import { startTestRedis } from './redis.ts';
import { testStores } from './stores.ts';

export const BLOCK_ROWS = 4;

/** The memory and the rows in flight that a worker's heartbeat reports. */
export const LOAD = {
  memory: { rssBytes: 300, limitBytes: 1000 },
  inflight: { usedBytes: 10, limitBytes: 100, blockedMs: 5 },
};

export type TestApi = Awaited<ReturnType<typeof startTestApi>>;

/** Makes the API require keys and apply these limits. */
export interface Protection {
  readonly requestsPerS?: number;
  readonly quotas?: QuotaLimits;
}

export async function startTestApi(overrides: Partial<AppDeps> = {}, protection: Protection | null = null) {
  const server = await startTestRedis();
  const folder = await mkdtemp(join(tmpdir(), 'forebay-api-'));
  const dir = (name: string) => join(folder, name);
  for (const name of ['input', 'results', 'spool', 'models', 'data']) await mkdir(dir(name));
  for (const name of ['a.jpg', 'b.jpg']) await writeFile(join(dir('input'), name), name);
  await writeModel(dir('models'), 'digits-small');

  const quiet = () => undefined;
  const connect = (role: 'request' | 'background') => connectRedis(server.url, role, quiet);
  const redis = connect('request');
  const subscriber = connect('background');
  const realWake = await createWake(subscriber);
  let listeners = 0;
  const wake: typeof realWake = {
    on(kind, listener) {
      const off = realWake.on(kind, listener);
      listeners += 1;
      return () => {
        listeners -= 1;
        off();
      };
    },
    close: () => realWake.close(),
  };
  const run = createScripts(redis);
  const jobs = createJobStore({ redis, run });
  const window = createJobWindow({ redis, run });
  const workers = createWorkerRegistry({ redis });
  const queues = createBlockQueues({ redis, run, onError: quiet });
  const models = createModelCatalog({ reader: createModelFolderReader(), dirs: [dir('models')], workers });
  // The second input root contains all folders of the test, as the default root contains the default folders.
  const folders = { inputRoots: [dir('input'), folder], dataDir: dir('data'), outputRoots: [dir('results')] };
  const input = createInputResolver({
    ...folders,
    stores: testStores(),
    files: LOCAL_FILES,
    objectRoots: ['s3://open-bucket/'],
    spoolDir: dir('spool'),
    maxListRows: 1000,
    ownerOf: async (id) => jobs.tenantOf(id),
  });
  const output = createOutputResolver({
    outputRoots: [dir('results')],
    resultsDir: dir('results'),
    outputs: FOLDER_OUTPUTS,
  });
  const open = createDatasetOpener(folders, { objectRoots: [] });
  const readRowInput = createReadRowInput({
    inputRoots: folders.inputRoots,
    linkFolders: folders,
    objectRoots: [],
    maxFileBytes: 1024 * 1024,
    maxFetchRatio: 200,
    kindOf: models.rowKindOf,
    openDataset: open,
    stores: testStores(),
    files: LOCAL_FILES,
    outputs: FOLDER_OUTPUTS,
    window,
  });
  const webhooks = createWebhookQueue({ redis, run });
  const requests = createJobUseCases({
    jobs,
    window,
    models: createAskedModels(models, createInlinePipelines({ redis, run })),
    input,
    files: LOCAL_FILES,
    output,
    webhooks,
    workers,
    samples: createSampleRequests({ redis, wake }),
    openDataset: open,
    checkWebhook: createWebhookUrlCheck([]),
    maxJobs: 500,
    maxRows: null,
    queueLimit: undefined,
    ...(protection?.quotas && { quotas: createQuotas(jobs, protection.quotas) }),
  });
  const stopping = new AbortController();
  const logged: { level: string; fields: object; message: string }[] = [];
  const note = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, fields, message });
  const events = createEvents();
  logEvents(events, { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') });
  const { emit } = events;
  const keys = createKeyStore({ redis });
  const access =
    protection &&
    (await createAccess({
      auth: 'on',
      host: '127.0.0.1',
      allowedHosts: [],
      requestsPerS: protection.requestsPerS ?? 1000,
      folders: { shared: [dir('input'), folder, dir('results/open')], own: [dir('data'), dir('results')] },
      keys,
      keysState: () => keys.state(),
      emit,
    }));
  const limits = { requests: 100, bytes: 16 * 1024 * 1024, tenants: 'whole' } as const;
  const onlineModels = createOnlineModels({ findModel: models.findModel, workers, wake: realWake });
  const predict = createPredict({
    models: onlineModels,
    requests: await createOnlineRequests({ run, redis, subscriber, limits }),
  });
  const slots = createQueueSlots({ redis, run });
  const survey = { jobs, workers, queues, slots, queueLimit: () => 64 };
  const scales = createPoolScales({
    survey,
    jobs,
    memory: createScaleMemory({ redis, run }),
    settings: { targetS: 300, min: 0, max: 10, downAfterMs: 300_000, rowsPerS: 20 },
  });
  const metrics = measureApi(events);
  measureService(metrics, {
    survey: async () => surveyService(survey),
    scales: async (activity) => scales.all(activity),
    onlineUse: async () => readOnlineUse(redis),
    redisMemory: async () => redisMemory(redis),
  });
  const app = createApp({
    outputs: FOLDER_OUTPUTS,
    jobs,
    metrics,
    survey,
    scales,
    scaleTargetS: 300,
    board: { queues, queueNames: async () => queueNamesOf(survey) },
    queues,
    slots,
    workers,
    wake,
    models,
    modelOrders: createModelOrders({ redis }),
    orders: createIntakeOrders({ run }),
    webhooks,
    predict,
    onlineModels,
    onlineBodies: createHeldBytes(limits.bytes, NEW_BUFFERS),
    ...requests,
    readRowInput,
    blockMap: async (id) => readBlockMap(redis, id),
    ready: () => checkWrite(redis),
    emit,
    version: '0.0.0-test',
    shutdown: stopping.signal,
    ...(access && { access }),
    ...overrides,
  });
  const http = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const s = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, () => resolve(s));
  });
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  return {
    app,
    url,
    jobs,
    keys,
    window,
    workers,
    wake,
    redis,
    models,
    stopping,
    logged,
    folder,
    /** The number of wake-up listeners that open streams hold now. */
    listeners: () => listeners,

    /** Submits two files and puts the job into `running`. */
    async runningJob(options: object = {}): Promise<{ id: string; output: string }> {
      const response = await fetch(`${url}/v1/jobs`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          model: 'digits-small',
          input: { type: 'files', path: '.' },
          options: { block_rows: BLOCK_ROWS, ...options },
        }),
      });
      const job = (await response.json()) as { id: string; output: string };
      await jobs.transition(job.id, 'running');
      return job;
    },

    /** Publishes and commits a block of BLOCK_ROWS rows. A row is an error if `fails` returns true for its index. */
    async commitBlock(
      job: { id: string; output: string },
      block: number,
      fails: (index: number) => boolean = () => false,
      stats: Record<string, number> = {},
    ): Promise<void> {
      const indices = Array.from({ length: BLOCK_ROWS }, (_, i) => block * BLOCK_ROWS + i);
      const outcomes = indices.map((index): RowOutcome =>
        fails(index)
          ? { ok: false, error: { code: 'decode_failed', message: `row ${index} is broken` } }
          : { ok: true, result: `"predictions":[{"index":${index % 10},"label":"${index % 10}","score":1}]` },
      );
      const rows = { firstRow: indices[0]!, rows: indices.map((index) => ({ id: `row-${index}` })) };
      const toPublish = {
        output: FOLDER_OUTPUTS.of(job.output),
        job: job.id,
        part: block,
        sink: JSONL_SINK,
        rows,
        outcomes: [packOutcomes(outcomes)],
        token: 'test-token',
      };
      const counts = await publishBlock(toPublish, async () => 'owned');
      await window.holdLease(job.id, 'test-feeder', 60_000);
      await window.commitFound(job.id, block, 'test-feeder', counts!, stats);
    },

    async endJob(id: string): Promise<void> {
      await jobs.transition(id, 'finalizing');
      await jobs.transition(id, 'completed');
      await jobs.retire(id);
    },

    /** Stops Redis. The test must still call `close`. */
    stopRedis: () => server.stop(),

    async close(): Promise<void> {
      stopping.abort();
      await new Promise<void>((resolve) => {
        http.close(() => resolve());
        if ('closeAllConnections' in http) http.closeAllConnections();
      });
      await queues.close();
      await wake.close();
      redis.disconnect();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Writes a model folder for tests that open no lane. */
export async function writeModel(models: string, name: string, config: object = {}): Promise<void> {
  await mkdir(join(models, name), { recursive: true });
  await writeFile(
    join(models, name, 'model.onnx'),
    meanColourModel({
      side: 32,
      classes: [
        [1, 0, 0],
        [0, 1, 0],
      ],
    }),
  );
  const json = { name, task: 'image-classification', preprocess: { crop: 32 }, ...config };
  await writeFile(join(models, name, 'model.json'), JSON.stringify(json));
}
