/**
 * Starts a service in its own folder: Redis, the API process, and worker processes with the benchmark's lanes.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cacheDir } from '../../dist/shared/config/cache-dir.js';
import { createKeyStore } from '../../dist/shared/keys/key-store.js';
import { connectRedis } from '../../dist/shared/queue/connection.js';
import { startEmbeddedRedis } from '../../dist/cli/redis/embedded-redis.js';
import { freePort } from '../harness/free-port.js';
import { createGraph, FLOAT } from '../models/onnx-writer.js';
import { addNetworkHost, openRedis } from './network-hosts.js';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
/** The rows cycle through this many local files. */
const FILES = 64;
/** The shortest valid config of a model of images. No lane here decodes one. */
const IMAGES = { task: 'image-classification', preprocess: { crop: 8 } };
const MODEL = 'simulated';

/** Parts go to this folder in memory if it exists. Creating files on disk would cost more than everything else. */
const MEMORY = '/dev/shm';

/**
 * `batchSize`: rows per batch. `task`: the task's part of the models' config. `graph`: path of the models' graph, if
 * the lanes open one. `onDisk`: outputs are on disk, not in memory. `nodeArgs`: Node flags for every child process,
 * such as --cpu-prof. `models`: their names. `apis`: number of API processes. `tenants`: those that submit jobs.
 * Without them, no keys are needed. `apiEnv`: variables of the API processes, which workers do not have.
 * @param {{ batchSize: number, task?: object, graph?: string, onDisk?: boolean, nodeArgs?: string[], models?: string[],
 *   apis?: number, tenants?: string[], apiEnv?: Readonly<Record<string, string>> }} options
 */
export async function startCluster({
  batchSize,
  task = IMAGES,
  graph,
  onDisk = false,
  nodeArgs = [],
  models = [MODEL],
  apis: apiCount = 1,
  tenants = [],
  apiEnv = {},
}) {
  const folder = mkdtempSync(join(tmpdir(), 'forebay-scale-'));
  for (const name of models) {
    const model = join(folder, 'models', name);
    mkdirSync(model, { recursive: true });
    if (graph === undefined) writeSmallGraph(join(model, 'model.onnx'));
    else symlinkSync(graph, join(model, 'model.onnx'));
    writeFileSync(
      join(model, 'model.json'),
      JSON.stringify({ name, ...task, batching: { batch_size: batchSize, max_wait_ms: 50 } }),
    );
  }
  mkdirSync(join(folder, 'input'));
  const out = mkdtempSync(join(!onDisk && existsSync(MEMORY) ? MEMORY : tmpdir(), 'forebay-scale-out-'));
  for (let i = 0; i < FILES; i++) writeFileSync(join(folder, 'input', `${i}.bin`), `row ${i}`);
  const redis = await startEmbeddedRedis({
    dataDir: join(folder, 'data'),
    cacheDir: cacheDir(process.env),
    env: process.env,
    log: { info: () => undefined },
  });
  const env = {
    ...process.env,
    REDIS_URL: redis.url,
    FOREBAY_PORT: '0',
    FOREBAY_DATA_DIR: join(folder, 'data'),
    FOREBAY_MODELS_DIR: join(folder, 'models'),
    // The output of one job may be the input of the next.
    FOREBAY_INPUT_ROOTS: `${join(folder, 'input')}:${out}`,
    FOREBAY_OUTPUT_ROOTS: out,
    FOREBAY_LOG_LEVEL: 'error',
    ...(tenants.length > 0 && { FOREBAY_AUTH: 'on' }),
  };
  const client = connectRedis(redis.url, 'background', () => undefined);
  const children = new Set();

  /** `host`: where the process runs, if not on this machine's own network. */
  async function start(file, { args = [], host = null, more = {} } = {}) {
    const [execPath, ...before] = host === null ? [process.execPath] : host.command([process.execPath]);
    const url = host === null ? redis.url : `redis://${host.here}:${redisPort}`;
    const child = fork(file, args, {
      env: { ...env, REDIS_URL: url, ...more },
      execPath,
      execArgv: [...before, ...nodeArgs],
      stdio: 'inherit',
    });
    children.add(child);
    const message = await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
    });
    if (message.type !== 'ready') throw new Error(message.message);
    return { child, url: message.url };
  }
  async function end(child) {
    children.delete(child);
    if (child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }

  const keys = new Map();
  for (const tenant of tenants) keys.set(tenant, await createKey(client, tenant));
  const apis = [];
  while (apis.length < apiCount)
    apis.push(await start(join(root, 'dist', 'api', 'main.js'), { more: apiEnv }));
  let turn = 0;
  let workers = [];
  let hosts = [];
  const redisPort = await freePort();

  async function endWorkers() {
    await Promise.all(workers.map(end));
    for (const host of hosts) host.remove();
    workers = [];
    hosts = [];
  }

  async function callText(path, { tenant = tenants[0], headers = {}, ...init } = {}) {
    const { url } = apis[turn++ % apis.length];
    const key = tenant === undefined ? {} : { authorization: `Bearer ${keys.get(tenant)}` };
    const response = await fetch(new URL(path, url), { ...init, headers: { ...headers, ...key } });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return text;
  }
  const call = async (path, init) => JSON.parse(await callText(path, init));

  return {
    folder,
    redis: client,
    pids: () => ({
      redis: [redis.pid],
      api: apis.map(({ child }) => child.pid),
      workers: workers.map((child) => child.pid),
    }),
    /**
     * Replaces all workers with `count` new ones, at most `perProcess` per process. `device`: see worker-process.js.
     * `apart`: each process has its own host.
     */
    async setWorkers({ count, perProcess = 8, lanes = 1, device, apart = false }) {
      await endWorkers();
      const processes = Math.ceil(count / perProcess);
      if (apart) {
        while (hosts.length < processes) hosts.push(addNetworkHost());
        await openRedis(
          client,
          redisPort,
          hosts.map(({ here: address }) => address),
        );
      }
      for (let i = 0; i < processes; i++) {
        const args = JSON.stringify({ workers: Math.min(count - i * perProcess, perProcess), lanes, device });
        const { child } = await start(join(here, 'worker-process.js'), {
          args: [args],
          host: hosts[i] ?? null,
        });
        workers.push(child);
      }
    },
    /** Writes a manifest whose rows cycle through the local files. Returns the input of a job. */
    async manifest(rows) {
      const path = join(folder, 'input', `rows-${rows}.txt`);
      await writeLines(path, rows, (i) => `${i % FILES}.bin`);
      return { type: 'manifest', path };
    },
    /** Writes a table of equal records. Returns the input of a job. */
    async records(rows, record) {
      const path = join(folder, 'input', `rows-${rows}.jsonl`);
      const line = JSON.stringify(record);
      await writeLines(path, rows, () => line);
      return { type: 'jsonl', path };
    },
    /**
     * `output`: a folder below the output root, or the `output` of a request. The last argument has the job's model and
     * tenant.
     */
    submit: async (input, output, options, { model = MODEL, tenant } = {}) =>
      call('/v1/jobs', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model, input, output, options }),
        tenant,
      }),
    job: async (id) => call(`/v1/jobs/${id}`),
    cancel: async (id) => call(`/v1/jobs/${id}/cancel`, { method: 'POST' }),
    /** The events of an ended job: `type`, `data`, and `at` in ms by the clock of Redis. */
    events: async (id) =>
      (await callText(`/v1/jobs/${id}/events?last_event_id=0`)).split('\n\n').flatMap(readEvent),
    stats: async (id) => call(`/v1/jobs/${id}/stats`),
    /** Polls a job until it has ended. Calls `onPoll(job)` with each response. Throws if the job did not complete. */
    async ended(id, everyMs = 100, onPoll = async (_job) => {}) {
      for (;;) {
        const job = await call(`/v1/jobs/${id}`);
        await onPoll(job);
        if (job.status === 'completed') return job;
        if (['failed', 'cancelled'].includes(job.status)) throw new Error(JSON.stringify(job.error));
        await delay(everyMs);
      }
    },
    async close() {
      await endWorkers();
      await Promise.all([...children].map(end));
      client.disconnect();
      await redis.stop();
      for (const path of [folder, out]) rmSync(path, { recursive: true, force: true });
    },
  };
}

/** A frame of server-sent events. Comments are left out. */
function readEvent(frame) {
  const fields = Object.fromEntries(frame.split('\n').map((line) => line.split(/: (.*)/s, 2)));
  if (fields.data === undefined) return [];
  return [{ type: fields.event, at: Number.parseInt(fields.id, 10), data: JSON.parse(fields.data) }];
}

async function writeLines(path, count, line) {
  const out = createWriteStream(path);
  for (let i = 0; i < count; i += 10_000) {
    const lines = Array.from({ length: Math.min(10_000, count - i) }, (_, k) => line(i + k));
    if (!out.write(`${lines.join('\n')}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

/** The text of a key with which the tenant may submit jobs, and see the jobs of all tenants. */
async function createKey(redis, tenant) {
  const record = { name: 'bench', tenant, scopes: ['admin'], expiresAt: null };
  return (await createKeyStore({ redis }).create(record)).text;
}

/** A graph that the API accepts. No simulated lane opens it. */
function writeSmallGraph(path) {
  const graph = createGraph('simulated');
  const pooled = graph.node('GlobalAveragePool', ['input']);
  graph.node('Flatten', [pooled], { axis: 1 }, 'output');
  graph.write(path, {
    inputs: [
      { name: 'input', type: FLOAT, dims: ['batch', 3, IMAGES.preprocess.crop, IMAGES.preprocess.crop] },
    ],
    outputs: [{ name: 'output', type: FLOAT, dims: ['batch', 3] }],
  });
}
