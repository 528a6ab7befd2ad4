/**
 * All settings, from the environment: one schema, parsed once by a main.ts, frozen, every problem reported
 * at once. Each setting says what it trades; docs/settings.md is made of it (`npm run docs`).
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import { ForebayError } from '../errors.ts';
import { cacheDir } from './cache-dir.ts';

const list = (separator: string) =>
  z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(separator)
        .map((s) => s.trim())
        .filter((s) => s !== ''),
    );
const count = (fallback: number, min = 1, max = 1_000_000) =>
  z.coerce.number().int().min(min).max(max).default(fallback);
const seconds = (fallback: number) => z.coerce.number().min(0.05).max(3600).default(fallback);
const optionalCount = (max: number) => z.coerce.number().int().min(1).max(max).optional();

const API = {
  REDIS_URL: z
    .string()
    .optional()
    .describe(
      'Redis to use: redis://, rediss:// or unix:///path.sock. Default: a private one, which `forebay up` and `forebay run` start.',
    ),
  FOREBAY_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address the API listens on. Beyond loopback it needs API keys: see FOREBAY_AUTH.'),
  FOREBAY_PORT: count(8080, 0, 65_535).describe('Port of the API; 0 takes a free one.'),
  FOREBAY_AUTH: z
    .enum(['auto', 'on', 'off'])
    .default('auto')
    .describe(
      'Whether requests need an API key (`forebay keys`). auto: beyond loopback, and wherever a key exists when the API starts. off lets in everybody who reaches it.',
    ),
  FOREBAY_ALLOWED_HOSTS: list(',').describe(
    'Names, without port, by which the API may be called besides localhost. Default: none on loopback, any name beyond.',
  ),
  FOREBAY_HEADERS_TIMEOUT_S: count(10, 1, 3600).describe(
    'How long a client may take to send the headers of a request. Less frees connections of idle attackers sooner.',
  ),
  FOREBAY_REQUEST_TIMEOUT_S: count(120, 1, 86_400).describe(
    'How long a client may take to send a whole request. 16 MB in 120 s is 140 KB/s.',
  ),
  FOREBAY_MAX_CONNECTIONS: count(2000).describe(
    'Connections of the API at once; more are refused. Each needs a file descriptor.',
  ),
};

const REQUESTS = {
  FOREBAY_MAX_ROWS: optionalCount(Number.MAX_SAFE_INTEGER).describe(
    'Rows of one job. Lists are refused at submit, jobs of folders and manifests fail when counting or feeding finds more. Default: no limit.',
  ),
  FOREBAY_MAX_LIST_ROWS: count(200_000).describe(
    'URLs or inline rows of one request. They are held in memory until they are spooled; longer lists belong into a manifest.',
  ),
  FOREBAY_MAX_JSON_DEPTH: count(32, 8, 1000).describe(
    'Levels that the JSON of a request may nest. No route needs more than 5; more costs memory and stack to parse.',
  ),
};

const QUOTAS = {
  FOREBAY_QUOTA_REQUESTS_PER_S: count(100).describe(
    "Requests a second of one tenant's keys on one API process, twice as many at once; beyond it 429.",
  ),
  FOREBAY_QUOTA_JOBS: optionalCount(1_000_000).describe(
    'Jobs of one tenant queued or running. Default: no limit.',
  ),
  FOREBAY_QUOTA_ROWS: optionalCount(Number.MAX_SAFE_INTEGER).describe(
    'Rows still to be done over the jobs of one tenant; checked at submit. Default: no limit.',
  ),
  FOREBAY_QUOTA_STORED_MB: optionalCount(1_000_000_000).describe(
    'Results that the jobs of one tenant wrote in the last seven days; checked at submit. Default: no limit.',
  ),
};

const FOLDERS = {
  FOREBAY_DATA_DIR: z
    .string()
    .default('.forebay')
    .describe('Folder for results, spooled inputs and the embedded Redis.'),
  FOREBAY_CACHE_DIR: z
    .string()
    .optional()
    .describe("Folder for what can be made again. Default: forebay/ in the user's cache folder."),
  FOREBAY_MODELS_DIR: list(':').describe(
    'Folders of model folders (or a model folder itself), ":"-separated. Default: models/.',
  ),
  FOREBAY_INPUT_ROOTS: list(':').describe(
    'Folders that jobs may read from, ":"-separated. Wider is handier and less safe. Default: the working folder.',
  ),
  FOREBAY_FOLLOW_LINKS: z
    .enum(['on', 'off'])
    .default('off')
    .describe(
      'Whether links in input folders may lead out of the input roots. Use it only where everybody who can make links there may read all that the service can.',
    ),
  FOREBAY_OUTPUT_ROOTS: list(':').describe(
    'Folders that jobs may write to, ":"-separated. Default: results/ in the data folder.',
  ),
};

const QUEUE = {
  FOREBAY_MAX_JOBS: count(100).describe('Jobs queued or running at once; beyond it a submit gets 429.'),
  FOREBAY_QUEUE_LIMIT: optionalCount(1_000_000).describe(
    'Blocks on one queue over all jobs. More hides slow feeders, less saves memory. Default: max(64, 8 x live lanes), more while blocks are tiny.',
  ),
  FOREBAY_SWEEP_S: count(60, 1, 86_400).describe(
    'Seconds between looks for what killed processes have left: slots, blocks, files. One API process looks.',
  ),
};

const WORKERS = {
  FOREBAY_POOL: z
    .string()
    .default('default')
    .describe(
      'Pool that this worker belongs to. Jobs name a pool, so that some workers can be kept for some jobs.',
    ),
  FOREBAY_MODELS: list(',').describe(
    'Names of the models this worker serves, comma-separated. Fewer save memory. Default: all.',
  ),
  FOREBAY_LANES: optionalCount(256).describe(
    'Lane processes of a worker. More use more cores and memory. Default: one per core.',
  ),
  FOREBAY_THREADS_PER_LANE: optionalCount(256).describe(
    'Threads of a model call. More shorten a call, more lanes do more calls at once. Default: cores / lanes.',
  ),
  FOREBAY_DECODE_THREADS: optionalCount(256).describe(
    'Threads that decode images in one lane. More help where decoding is slower than the model. Default: 2, or more with fewer lanes than cores.',
  ),
  FOREBAY_PROFILES: z
    .enum(['on', 'off'])
    .default('on')
    .describe('Use what `forebay tune` measured on this machine for what is not set. off: formulas only.'),
  FOREBAY_MAX_INFLIGHT_MB: count(256).describe(
    'Row bytes a worker holds at once: half of rows it fetches, half of files its lanes open. More hides slow storage, less saves memory.',
  ),
  FOREBAY_MEMORY_LIMIT_MB: optionalCount(100_000_000).describe(
    'What a worker and its lanes may hold. Near it they slow down, then take no more work, at last end a lane. Default: the limit of the container, else of the machine.',
  ),
  FOREBAY_LANE_GROWTH: z.coerce
    .number()
    .min(1.1)
    .max(1000)
    .default(2)
    .describe(
      'Times its usual memory that a lane may hold for good before it is restarted. Lower frees leaks sooner, higher restarts less often.',
    ),
};

const IMAGES = {
  FOREBAY_MAX_FILE_MB: count(64).describe(
    'Largest row, encoded. Larger ones become row errors. Higher needs more memory in every lane.',
  ),
  FOREBAY_MAX_MEGAPIXELS: count(64).describe(
    'Largest image, width x height. Larger ones become row errors. Higher needs more time for one row.',
  ),
  FOREBAY_MAX_DECODE_MB: count(512, 16).describe(
    'Memory that decoding one image may take; more becomes a row error. Images decoded at once in a lane stay within it together, too. A pixel takes 1 to 20 bytes, by format: docs/model-config.md.',
  ),
  FOREBAY_MAX_IMAGE_RATIO: count(100_000, 1, 1_000_000_000).describe(
    'Decoded bytes (3 a pixel) for each encoded byte of an image above 16 megapixels. Less ends bombs sooner; blank pages in black and white have up to 100000.',
  ),
};

const URL_ROWS = {
  FOREBAY_FETCH_ALLOW: list(',').describe(
    'Hosts and CIDR ranges that URL rows may reach although they are private, comma-separated. Each one opens your network to whoever submits jobs. Default: none.',
  ),
  FOREBAY_FETCH_TIMEOUT_S: count(30, 1, 3600).describe(
    'Longest fetch of one URL row. Higher bears slower servers; one that hangs holds up its rows for longer.',
  ),
  FOREBAY_MAX_FETCH_RATIO: count(200).describe(
    'Times its size that the compressed answer to a URL row may unfold to, once that is above 1 MB. Photos need no more than 2, plain bitmaps up to 1000; less ends bombs sooner.',
  ),
  FOREBAY_FETCH_TRIES: count(5, 1, 100).describe(
    'Tries of a URL row whose trouble may pass (5xx, 429, broken connections), later and later. More hides longer trouble.',
  ),
};

const WEBHOOKS = {
  FOREBAY_WEBHOOK_ALLOW: list(',').describe(
    'Hosts and CIDR ranges that webhooks may reach although they are private, comma-separated. Each one opens your network to whoever submits jobs. Default: none.',
  ),
  FOREBAY_WEBHOOK_SECRET: z
    .string()
    .min(8)
    .optional()
    .describe(
      'Signs the webhooks of jobs that came without a secret. Default: none, and those are not signed.',
    ),
  FOREBAY_WEBHOOK_TRIES: count(10, 1, 100).describe(
    'Tries of one webhook event, later and later: 10 take about an hour. More bears longer outages of receivers.',
  ),
  FOREBAY_WEBHOOK_PAUSE_S: seconds(7).describe(
    'Pause before the second try of a webhook event; doubles with each further one. Shorter delivers sooner and asks a broken receiver more often.',
  ),
  FOREBAY_WEBHOOK_TIMEOUT_S: seconds(10).describe(
    'Longest wait for the answer to one try of a webhook. Longer bears slower receivers.',
  ),
  FOREBAY_WEBHOOK_PROGRESS_S: seconds(10).describe(
    'Least time between two progress events of a job. Lower is fresher and costs more requests.',
  ),
};

const PROCESSES = {
  FOREBAY_BATCH_TIMEOUT_S: count(120, 1, 86_400).describe(
    'Longest that a lane may be at work on one batch before it is killed and restarted; model.json may say otherwise. Shorter frees a hanging lane sooner, and kills slow models.',
  ),
  FOREBAY_LOAD_TIMEOUT_S: count(300, 1, 86_400).describe(
    'Longest that one step of loading a model may take (reading the graph, its first run, probing) before it counts as hanging. More bears larger models and slower disks.',
  ),
  FOREBAY_SHUTDOWN_GRACE_S: count(30, 0, 3600).describe(
    'How long a stopping worker may finish its blocks before it hands them back. Longer wastes less work, shorter stops sooner.',
  ),
  FOREBAY_HEALTH_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe('Port on which a worker answers /healthz. Default: none.'),
  FOREBAY_LOG_LEVEL: z
    .enum(['silent', 'error', 'warn', 'info', 'debug'])
    .default('info')
    .describe('Least level of the log lines, which are JSON on stderr. debug has a line for every request.'),
};

/** The settings by what they are about; the keys are titles. */
export const SETTING_GROUPS = {
  'Redis and the API': API,
  'Size of requests': REQUESTS,
  'Quotas of a tenant': QUOTAS,
  Folders: FOLDERS,
  'Jobs and queues': QUEUE,
  Workers: WORKERS,
  'Rows and images': IMAGES,
  'URL rows': URL_ROWS,
  Webhooks: WEBHOOKS,
  Processes: PROCESSES,
} as const;

const ENV = z.object({
  ...API,
  ...REQUESTS,
  ...QUOTAS,
  ...FOLDERS,
  ...QUEUE,
  ...WORKERS,
  ...IMAGES,
  ...URL_ROWS,
  ...WEBHOOKS,
  ...PROCESSES,
});

export type Config = ReturnType<typeof readConfig>;

/** Parses the environment; throws ForebayError `config_invalid` naming every variable that is wrong. */
export function readConfig(env: NodeJS.ProcessEnv, cwd: string) {
  const parsed = ENV.safeParse(env);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((i) => ({ path: `/${i.path.join('/')}`, message: i.message }));
    throw new ForebayError(
      'config_invalid',
      `Settings are wrong: ${issues.map((i) => `${i.path.slice(1)}: ${i.message}`).join('; ')}`,
      { issues },
    );
  }
  const e = parsed.data;
  const dataDir = resolve(cwd, e.FOREBAY_DATA_DIR);
  const folders = (given: string[], fallback: string) =>
    given.length === 0 ? [fallback] : given.map((folder) => resolve(cwd, folder));
  return Object.freeze({
    redisUrl: e.REDIS_URL,
    host: e.FOREBAY_HOST,
    port: e.FOREBAY_PORT,
    auth: e.FOREBAY_AUTH,
    allowedHosts: e.FOREBAY_ALLOWED_HOSTS,
    headersTimeoutS: e.FOREBAY_HEADERS_TIMEOUT_S,
    requestTimeoutS: e.FOREBAY_REQUEST_TIMEOUT_S,
    maxConnections: e.FOREBAY_MAX_CONNECTIONS,
    maxRows: e.FOREBAY_MAX_ROWS ?? null,
    maxListRows: e.FOREBAY_MAX_LIST_ROWS,
    maxJsonDepth: e.FOREBAY_MAX_JSON_DEPTH,
    quotaRequestsPerS: e.FOREBAY_QUOTA_REQUESTS_PER_S,
    quotas: {
      jobs: e.FOREBAY_QUOTA_JOBS ?? null,
      rows: e.FOREBAY_QUOTA_ROWS ?? null,
      bytes: e.FOREBAY_QUOTA_STORED_MB === undefined ? null : e.FOREBAY_QUOTA_STORED_MB * MB,
    },
    dataDir,
    cacheDir: cacheDir(env),
    modelsDirs: folders(e.FOREBAY_MODELS_DIR, resolve(cwd, 'models')),
    inputRoots: folders(e.FOREBAY_INPUT_ROOTS, resolve(cwd)),
    followLinks: e.FOREBAY_FOLLOW_LINKS === 'on',
    outputRoots: folders(e.FOREBAY_OUTPUT_ROOTS, resolve(dataDir, 'results')),
    resultsDir: resolve(dataDir, 'results'),
    spoolDir: resolve(dataDir, 'spool'),
    maxJobs: e.FOREBAY_MAX_JOBS,
    queueLimit: e.FOREBAY_QUEUE_LIMIT,
    sweepMs: e.FOREBAY_SWEEP_S * 1000,
    pool: e.FOREBAY_POOL,
    models: e.FOREBAY_MODELS,
    lanes: e.FOREBAY_LANES,
    threadsPerLane: e.FOREBAY_THREADS_PER_LANE,
    decodeThreads: e.FOREBAY_DECODE_THREADS,
    profiles: e.FOREBAY_PROFILES === 'on',
    maxInflightBytes: e.FOREBAY_MAX_INFLIGHT_MB * MB,
    memoryLimitBytes: e.FOREBAY_MEMORY_LIMIT_MB === undefined ? undefined : e.FOREBAY_MEMORY_LIMIT_MB * MB,
    laneGrowthFactor: e.FOREBAY_LANE_GROWTH,
    maxFileBytes: e.FOREBAY_MAX_FILE_MB * MB,
    maxPixels: e.FOREBAY_MAX_MEGAPIXELS * 1_000_000,
    maxImageRatio: e.FOREBAY_MAX_IMAGE_RATIO,
    maxDecodeBytes: e.FOREBAY_MAX_DECODE_MB * MB,
    fetchAllow: e.FOREBAY_FETCH_ALLOW,
    fetchTimeoutMs: e.FOREBAY_FETCH_TIMEOUT_S * 1000,
    maxFetchRatio: e.FOREBAY_MAX_FETCH_RATIO,
    fetchTries: e.FOREBAY_FETCH_TRIES,
    webhookAllow: e.FOREBAY_WEBHOOK_ALLOW,
    webhooks: {
      secret: e.FOREBAY_WEBHOOK_SECRET ?? null,
      tries: e.FOREBAY_WEBHOOK_TRIES,
      firstPauseMs: e.FOREBAY_WEBHOOK_PAUSE_S * 1000,
      timeoutMs: e.FOREBAY_WEBHOOK_TIMEOUT_S * 1000,
      progressMs: e.FOREBAY_WEBHOOK_PROGRESS_S * 1000,
    },
    batchTimeoutS: e.FOREBAY_BATCH_TIMEOUT_S,
    loadTimeoutMs: e.FOREBAY_LOAD_TIMEOUT_S * 1000,
    shutdownGraceMs: e.FOREBAY_SHUTDOWN_GRACE_S * 1000,
    healthPort: e.FOREBAY_HEALTH_PORT,
    logLevel: e.FOREBAY_LOG_LEVEL,
  });
}

const MB = 1024 * 1024;

/** Where inputs may lie, and where not. */
export function inputFolders({ inputRoots, dataDir, outputRoots, resultsDir }: Config) {
  return { inputRoots, dataDir, outputRoots: [...new Set([...outputRoots, resultsDir])] };
}

/** Where links in input folders may lead. */
export function linkFolders(config: Config) {
  const folders = inputFolders(config);
  return config.followLinks ? { ...folders, inputRoots: ['/'] } : folders;
}
