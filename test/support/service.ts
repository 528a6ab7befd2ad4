// The real service for a test file: Redis, API and workers as processes, with a tiny model and a folder for images.
import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import { meanColourModel, writeModelFolder } from './onnx/models.ts';
import { makeServiceFolder } from './own-process.ts';
import { startTestRedis } from './redis.ts';
import { rarely, waitUntil } from './wait-until.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** Longer than a worker waits for its blocks. */
const PATIENCE_MS = 45_000;

export const LABELS = ['red', 'green', 'blue'];
const COLOURS = [
  [220, 30, 30],
  [30, 220, 30],
  [30, 30, 220],
] as const;

interface FirstMessage {
  readonly type: string;
  readonly url?: string;
  readonly message?: string;
}

async function firstMessage(child: ChildProcess): Promise<FirstMessage> {
  return new Promise((resolve) => {
    child.once('message', (message) => resolve(message as FirstMessage));
    child.once('exit', (code, signal) => resolve({ type: 'exit', message: String(code ?? signal) }));
  });
}

export type Service = Awaited<ReturnType<typeof startService>>;

/**
 * Starts a service with one model, `tiny`, which names the strongest channel of an image. An undefined value in `env`
 * removes a setting. `how` has fork options for the processes. In the returned functions, `root` is a built checkout,
 * for example of another version.
 */
export async function startService(
  options: {
    env?: Record<string, string | undefined>;
    /** Input roots besides the input folder. */
    inputRoots?: readonly string[];
    workers?: number;
    how?: ForkOptions;
  } = {},
) {
  const place = makeServiceFolder();
  const { folder } = place;
  const redis = await startTestRedis();
  writeTinyModel(join(folder, 'models', 'tiny'), 'tiny');
  const settings = {
    REDIS_URL: redis.url,
    ...place.env,
    FOREBAY_INPUT_ROOTS: [place.env.FOREBAY_INPUT_ROOTS, ...(options.inputRoots ?? [])].join(':'),
    FOREBAY_LOG_LEVEL: 'error',
    ...options.env,
  };
  const env = Object.fromEntries(
    Object.entries(settings).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])),
  );
  const children = new Set<ChildProcess>();

  async function start(
    path: string,
    more: Record<string, string> = {},
    { root = CHECKOUT, ...how }: ForkOptions & { root?: string } = {},
  ) {
    const child = fork(join(root, 'dist', path), {
      env: { ...process.env, ...env, ...more },
      execArgv: [],
      stdio: 'inherit',
      ...options.how,
      ...how,
    });
    children.add(child);
    child.once('exit', () => children.delete(child));
    const message = await firstMessage(child);
    if (message.type !== 'ready') throw new Error(`${path} did not start: ${message.message}`);
    return { child, url: message.url ?? '' };
  }

  async function stop(child: ChildProcess) {
    child.kill('SIGTERM');
    const exited = once(child, 'exit');
    const patience = setTimeout(() => {
      // Rarely, Node's exit waits for a thread of its compiler, which waits for it: nodejs/node#54918.
      const after = `${PATIENCE_MS / 1000} s after SIGTERM`;
      process.stderr.write(`process ${child.pid} of the service has not ended ${after}\n`);
      child.kill('SIGKILL');
    }, PATIENCE_MS);
    await exited;
    clearTimeout(patience);
  }

  let api = await start('api/main.js');
  const service = {
    folder,
    redis,
    /** The settings of all processes. */
    env,
    input: join(folder, 'input'),
    models: join(folder, 'models'),
    out: (name: string) => join(folder, 'out', name),
    get url() {
      return api.url;
    },
    apiPid: () => api.child.pid!,
    startWorker: async (more: Record<string, string> = {}, how: ForkOptions & { root?: string } = {}) =>
      (await start('workers/main.js', more, how)).child,
    /** Stops every worker cleanly. */
    async stopWorkers() {
      await Promise.all([...children].filter((child) => child !== api.child).map(stop));
    },
    /** Kills the API and starts another one on the same port, from this checkout or from the one at `root`. */
    async restartApi(root = CHECKOUT) {
      const port = new URL(api.url).port;
      api.child.kill('SIGKILL');
      await once(api.child, 'exit');
      api = await start('api/main.js', { FOREBAY_PORT: port }, { root });
    },
    async request(path: string, init?: RequestInit) {
      return fetch(new URL(path, api.url), init);
    },
    async post(path: string, body: unknown, headers: Record<string, string> = {}) {
      return fetch(new URL(path, api.url), {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    },
    async submit(body: Record<string, unknown>): Promise<JobWire> {
      const response = await service.post('/v1/jobs', { model: 'tiny', ...body });
      const text = await response.text();
      if (response.status !== 202) throw new Error(`submit: ${response.status} ${text}`);
      return JSON.parse(text) as JobWire;
    },
    async job(id: string): Promise<JobWire> {
      return (await (await service.request(`/v1/jobs/${id}`)).json()) as JobWire;
    },
    async until(
      id: string,
      what: string,
      is: (job: JobWire) => boolean | Promise<boolean>,
      timeoutMs = 100_000,
      pauseMs?: (waitedMs: number) => number,
    ): Promise<JobWire> {
      return waitUntil(
        what,
        async () => {
          const job = await service.job(id);
          return (await is(job)) && job;
        },
        timeoutMs,
        pauseMs,
      );
    },
    ended: async (id: string, timeoutMs = 100_000) =>
      service.until(
        id,
        `${id} to end`,
        (job) => ['completed', 'failed', 'cancelled'].includes(job.status),
        timeoutMs,
        rarely,
      ),
    async close() {
      await Promise.all([...children].map(stop));
      await redis.stop();
      place.remove();
    },
  };
  for (let i = 0; i < (options.workers ?? 1); i++) await service.startWorker();
  return service;
}

export function writeTinyModel(dir: string, name: string, more: Record<string, unknown> = {}): void {
  const identity = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  const config = {
    name,
    task: 'image-classification',
    preprocess: { crop: 8 },
    softmax: true,
    top_k: 2,
    ...more,
  };
  writeModelFolder(dir, meanColourModel({ classes: identity, side: 8 }), config, LABELS);
}

/** A small PNG whose strongest channel is `label`. */
export async function colourImage(label: number): Promise<Buffer> {
  const [r, g, b] = COLOURS[label]!;
  return sharp({ create: { width: 8, height: 8, channels: 3, background: { r, g, b } } })
    .png()
    .toBuffer();
}

/** Writes `count` images named `000000.png` and so on. Image i has label i % 3. */
export async function writeImages(folder: string, count: number): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const images = await Promise.all([0, 1, 2].map(colourImage));
  for (let i = 0; i < count; i++)
    writeFileSync(join(folder, `${String(i).padStart(6, '0')}.png`), images[i % 3]!);
}

export interface OutputRow {
  readonly index: number;
  readonly id: string;
  readonly predictions?: { index: number; label: string; score: number }[];
  readonly error?: { code: string; message: string };
}

/** What `cat part-*` or `cat errors-*` shows in an output folder. */
export function outputText(folder: string, kind: 'part' | 'errors' = 'part'): string {
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${kind}-`))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
}

/** The rows of an output folder in the order of its file names. */
export function readOutput(folder: string, kind: 'part' | 'errors' = 'part'): OutputRow[] {
  return outputText(folder, kind)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as OutputRow);
}

export const indexes = (rows: readonly OutputRow[]) => rows.map((row) => row.index);
export const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
