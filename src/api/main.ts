/** The API process: wiring and signals only. */
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { mkdir } from 'node:fs/promises';
import { serve, type ServerType } from '@hono/node-server';
import { inputPlaces, readConfig } from '../shared/config/config.ts';
import { createInputRule } from '../shared/input-places.ts';
import { openDataset } from '../shared/dataset/open-dataset.ts';
import type { JobSpec } from '../shared/domain/job.ts';
import { ForebayError, messageOf } from '../shared/errors.ts';
import { createKeyStore } from '../shared/keys/key-store.ts';
import { createModelFolderReader } from '../shared/models/model-folder-reader.ts';
import { tellLauncher, untilAborted, watchForEnd } from '../shared/observe/lifecycle.ts';
import { createLogger } from '../shared/observe/logger.ts';
import { createBlockQueues } from '../shared/queue/block-queue.ts';
import { connectRedis } from '../shared/queue/connection.ts';
import { createJobStore, RETENTION_MS } from '../shared/queue/job-store.ts';
import { createJobWindow } from '../shared/queue/job-window.ts';
import { createQueuePlaces } from '../shared/queue/queue-places.ts';
import { createSampleRequests } from '../shared/queue/sample-requests.ts';
import { createLeftovers } from '../shared/queue/leftovers.ts';
import { createScripts } from '../shared/queue/scripts.ts';
import { createWake } from '../shared/queue/wake.ts';
import { createWebhookQueue } from '../shared/queue/webhook-queue.ts';
import { createWorkerRegistry } from '../shared/queue/worker-registry.ts';
import { checkRedis } from '../shared/redis/check-redis.ts';
import { createAccess } from './access.ts';
import { createApp } from './app.ts';
import { createControlJob } from './control-job.ts';
import { createFeeders } from './feeder/feeders.ts';
import { queueLimit } from './feeder/policies.ts';
import { connectionLimits } from './middleware/connection-limits.ts';
import { createModelCatalog } from './model-catalog.ts';
import { createPlanJob } from './plan/create-plan.ts';
import { createOutputPreparer } from './prepare-output.ts';
import { createQuotas } from './quotas.ts';
import { createInputResolver } from './resolve-input.ts';
import { createResumeOutput } from './resume-output.ts';
import { createRetryJob } from './retry-job.ts';
import { createSubmitJob } from './submit-job.ts';
import { sweepJobs } from './sweeper/sweep-jobs.ts';
import { sweepQueues } from './sweeper/sweep-queues.ts';
import { sweepSpool } from './sweeper/sweep-spool.ts';
import { startSweeper } from './sweeper/sweeper.ts';
import { createTakeOnJob } from './take-on-job.ts';
import { createWebhookUrlCheck } from './webhooks/check-webhook-url.ts';
import { createWebhookDispatcher } from './webhooks/dispatcher.ts';
import { createWebhookSender } from './webhooks/send-webhook.ts';

async function main(): Promise<void> {
  const config = readConfig(process.env, process.cwd());
  const log = createLogger({ level: config.logLevel, name: 'api' });
  const exit = (code: number) => () => process.exit(code);
  const stop = watchForEnd({ onForced: exit(1), onOrphaned: exit(1) });
  if (config.redisUrl === undefined) {
    throw new ForebayError(
      'config_invalid',
      'The API needs REDIS_URL. `forebay up` brings a Redis of its own.',
    );
  }
  await mkdir(config.dataDir, { recursive: true });

  const onError = (error: Error) => log.warn({ error: messageOf(error) }, 'Redis connection');
  const background = connectRedis(config.redisUrl, 'background', onError);
  for (const warning of (await checkRedis(background)).warnings) log.warn({}, warning);
  const redis = connectRedis(config.redisUrl, 'request', onError);
  const access = await createAccess({
    ...config,
    requestsPerS: config.quotaRequestsPerS,
    folders: { shared: config.inputRoots, own: [config.dataDir, ...config.outputRoots] },
    keys: createKeyStore({ redis }),
    anyKey: () => createKeyStore({ redis: background }).any(),
    log,
  });
  const wake = await createWake(connectRedis(config.redisUrl, 'background', onError));

  const run = createScripts(redis);
  const jobs = createJobStore({ redis, run });
  const workers = createWorkerRegistry({ redis });
  const queues = createBlockQueues({ redis: background, onError });
  const places = createQueuePlaces({ redis, run });
  const models = createModelCatalog({ reader: createModelFolderReader(), dirs: config.modelsDirs, workers });
  const input = createInputResolver({ ...config, ...inputPlaces(config) });
  const mayRead = createInputRule(inputPlaces(config));
  const open = ({ dataset, tenant }: Pick<JobSpec, 'dataset' | 'tenant'>) =>
    openDataset(dataset, { skips: (real) => mayRead(real, tenant) !== 'allowed' });
  const output = createOutputPreparer({ outputRoots: config.outputRoots, resultsDir: config.resultsDir });

  const webhooks = createWebhookQueue({ redis, run });
  const { findModel } = models;
  const takeOn = createTakeOnJob({
    jobs,
    input,
    output,
    webhooks,
    checkWebhook: createWebhookUrlCheck(config.webhookAllow),
    maxJobs: config.maxJobs,
    quotas: createQuotas(jobs, config.quotas),
  });

  const feederRun = createScripts(background);
  const feeders = createFeeders({
    jobs: createJobStore({ redis: background, run: feederRun }),
    window: createJobWindow({ redis: background, run: feederRun }),
    queues,
    places: createQueuePlaces({ redis: background, run: feederRun }),
    workers: createWorkerRegistry({ redis: background }),
    wake,
    openDataset: open,
    spool: input,
    queueLimit: config.queueLimit,
    maxRows: config.maxRows,
    log,
  });
  const leftovers = createLeftovers({ redis: background, run: feederRun });
  const sweeper = startSweeper({
    leftovers,
    everyMs: config.sweepMs,
    chores: [
      sweepQueues({ leftovers, queues, places: createQueuePlaces({ redis: background, run: feederRun }) }),
      sweepJobs({
        leftovers,
        jobs: createJobStore({ redis: background, run: feederRun }),
        graceMs: LEFT_OVER_MS,
      }),
      sweepSpool({
        leftovers,
        spoolDir: config.spoolDir,
        graceMs: LEFT_OVER_MS,
        keepMs: RETENTION_MS,
      }),
    ],
    log,
  });
  const dispatcher = createWebhookDispatcher({
    queue: createWebhookQueue({ redis: background, run: feederRun }),
    jobs: createJobStore({ redis: background, run: feederRun }),
    sender: createWebhookSender({
      allow: config.webhookAllow,
      timeoutMs: config.webhooks.timeoutMs,
      userAgent: `forebay/${VERSION}`,
    }),
    settings: config.webhooks,
    log,
  });
  const app = createApp({
    jobs,
    queues,
    places,
    workers,
    wake,
    models,
    log,
    maxJsonDepth: config.maxJsonDepth,
    version: VERSION,
    shutdown: stop,
    webhooks,
    access,
    submitJob: createSubmitJob({ jobs, findModel, input, output, takeOn, maxRows: config.maxRows }),
    retryJob: createRetryJob({ jobs, findModel, input, output, webhooks, takeOn }),
    resumeOutput: createResumeOutput({ findModel, input, output, webhooks, takeOn }),
    planJob: createPlanJob({
      findModel,
      input,
      output,
      workers,
      samples: createSampleRequests({ redis, wake }),
      openDataset: open,
      queueLimit: config.queueLimit,
    }),
    controlJob: createControlJob({ jobs }),
    queueLimit: async (model) => queueLimit(await workers.liveLanes(model), config.queueLimit),
    async ready() {
      try {
        await redis.ping();
        return { ok: true };
      } catch (error) {
        return { ok: false, reason: `Redis does not answer: ${messageOf(error)}` };
      }
    },
  });

  const server = await listen((ready) =>
    serve(
      { fetch: app.fetch, hostname: config.host, port: config.port, serverOptions: connectionLimits(config) },
      ready,
    ),
  );
  server.maxConnections = config.maxConnections;
  const { port } = server.address() as AddressInfo;
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
  log.info({ url }, 'listening');
  tellLauncher({ type: 'ready', url });

  await untilAborted(stop);
  log.info({}, 'stopping');
  setTimeout(exit(1), STOP_MS);
  await Promise.all([feeders.close(), sweeper.close(), dispatcher.close()]);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  await queues.close();
  await Promise.all([wake.close(), redis.quit(), background.quit()]);
  process.exit(0);
}

/** What a clean end may take, where Redis does not answer. */
const STOP_MS = 8_000;
/** What nobody has touched for so long is left over: no submit and no run of a block that has ended takes longer. */
const LEFT_OVER_MS = 600_000;
const VERSION = (createRequire(import.meta.url)('../../package.json') as { version: string }).version;

async function listen(start: (ready: () => void) => ServerType): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const server = start(() => resolve(server));
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE';
      reject(
        inUse
          ? new ForebayError(
              'address_in_use',
              'Another program listens on that port; choose one with --port.',
              { cause: error },
            )
          : error,
      );
    });
  });
}

main().catch((error: unknown) => {
  const code = error instanceof ForebayError ? error.code : 'internal';
  tellLauncher({ type: 'failed', code, message: messageOf(error) });
  process.stderr.write(`forebay api: ${messageOf(error)}\n`);
  process.exit(1);
});
