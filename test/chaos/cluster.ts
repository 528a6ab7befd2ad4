// The service under chaos. API and workers are processes, and each reaches a real Redis through its own proxy. Images
// and outputs are on disks, or on S3. Everything is in one folder, which `close` removes.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import type { TcpProxy } from '../support/tcp-proxy.ts';
import { writeTinyModel } from '../support/service.ts';
import { startChaosRedis } from './chaos-redis.ts';
import type { Who } from './plan.ts';
import { namesIn, openPlace, type PlaceKind } from './places.ts';
import { createProcesses, type ManagedProcess } from './processes.ts';

const HOOK = pathToFileURL(join(import.meta.dirname, 'clock-jump.mjs')).href;

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export type Api = Extract<Who, string>;
const isApi = (who: Who): who is Api => typeof who === 'string';

interface Member {
  readonly proxy: TcpProxy;
  process: ManagedProcess;
}

export type Cluster = Awaited<ReturnType<typeof startCluster>>;

/** Serves one model, `tiny`, with one lane per worker. API and workers get the settings in `env`. */
export async function startCluster({
  workers,
  apis = ['api'],
  env = {},
  place: placeKind = 'disk',
}: {
  readonly workers: number;
  readonly apis?: readonly Api[];
  readonly env?: Readonly<Record<string, string>>;
  readonly place?: PlaceKind;
}) {
  const folder = mkdtempSync(join(tmpdir(), 'forebay-chaos-'));
  const dir = (name: string) => join(folder, name);
  for (const name of ['tmp', 'logs', 'input', 'data']) mkdirSync(dir(name));
  writeTinyModel(join(dir('models'), 'tiny'), 'tiny');
  const place = await openPlace(placeKind, dir('out'));
  const redis = await startChaosRedis(dir('data')).catch(async (error: unknown) => {
    await place.close();
    throw error;
  });
  const processes = createProcesses({
    tmp: dir('tmp'),
    logs: dir('logs'),
    env: {
      FOREBAY_DATA_DIR: dir('data'),
      FOREBAY_CACHE_DIR: dir('cache'),
      FOREBAY_MODELS_DIR: dir('models'),
      FOREBAY_INPUT_ROOTS: [dir('input'), ...place.inputRoots].join(':'),
      ...place.env,
      FOREBAY_LOG_LEVEL: 'info',
      FOREBAY_LANES: '1',
      FOREBAY_PROFILES: 'off',
      NODE_OPTIONS: `--import ${HOOK}`,
      ...env,
    },
  });
  const members = new Map<Who, Member>();

  async function boot(who: Who, proxy: TcpProxy, port = '0'): Promise<ManagedProcess> {
    const [role, path] = isApi(who) ? [who, 'api/main.js'] : [`worker-${who}`, 'workers/main.js'];
    return processes.start(role, path, {
      REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
      FOREBAY_PORT: port,
      CHAOS_CLOCK_FILE: dir(`clock-${who}`),
    });
  }
  const member = (who: Who) => members.get(who)!;
  const slots = Array.from({ length: workers }, (_, slot) => slot);

  const output = place.at('job');
  const cluster = {
    folder,
    redis,
    place,
    output,
    surprises: processes.surprises,
    processesLeft: processes.left,
    temporaryFiles: () => readdirSync(dir('tmp')),
    proxy: (who: Who) => member(who).proxy,
    input: (name: string, content: string | Uint8Array) => writeFileSync(join(dir('input'), name), content),
    /** Stores an image. Returns its URI for a manifest. */
    async image(name: string, content: Uint8Array): Promise<string> {
      if (place.image !== null) return place.image(name, content);
      cluster.input(name, content);
      return name;
    },
    signal: (who: Who, signal: NodeJS.Signals) => member(who).process.signal(signal),
    /** Kills a process and starts a replacement. A new API gets the same port. */
    async replace(who: Who): Promise<void> {
      const old = member(who);
      await old.process.kill();
      old.process = await boot(who, old.proxy, isApi(who) ? new URL(old.process.url).port : '0');
    },
    jumpClock(who: Who, byMs: number): void {
      writeFileSync(dir(`clock-${who}`), String(byMs));
      member(who).process.signal('SIGUSR2');
    },
    apis,
    async request(
      path: string,
      init?: RequestInit,
      { api = 'api', key }: { api?: Api; key?: string | undefined } = {},
    ): Promise<Response> {
      const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` };
      const headers = { ...(init?.headers as Record<string, string>), ...authorization };
      return fetch(new URL(path, member(api).process.url), { ...init, headers });
    },
    /** Returns the API's answer, whatever its status. Rejects if there is no answer. */
    async post(
      path: string,
      body: object,
      how: { api?: Api; key?: string; once?: string } = {},
    ): Promise<Answer> {
      const headers: Record<string, string> = { 'content-type': 'application/json' };
      if (how.once !== undefined) headers['idempotency-key'] = how.once;
      const response = await cluster.request(
        path,
        { method: 'POST', headers, body: JSON.stringify(body) },
        how,
      );
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    async submit(body: object): Promise<JobWire> {
      const response = await cluster.request('/v1/jobs', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'tiny', output: cluster.output, ...body }),
      });
      if (response.status !== 202) throw new Error(`submit: ${response.status} ${await response.text()}`);
      return (await response.json()) as JobWire;
    },
    /** Null while the API does not answer 200. */
    async job(id: string, key?: string): Promise<JobWire | null> {
      const response = await cluster.request(`/v1/jobs/${id}`, {}, { key }).catch(() => null);
      return response?.status === 200 ? ((await response.json()) as JobWire) : null;
    },
    /** Counts the parts in an output, even while no API is alive. */
    published: async (at = output) =>
      (await place.names(at)).filter((name) => name.startsWith('part-')).length,
    async stopWorkers(): Promise<void> {
      await Promise.all(slots.map(async (slot) => member(slot).process.stop()));
    },
    async stopApis(): Promise<void> {
      await Promise.all(apis.map(async (api) => member(api).process.stop()));
    },
    /** The last lines of every log. */
    logs(lines = 15): string {
      return namesIn(dir('logs'))
        .map(
          (name) =>
            `--- ${name}\n${readFileSync(join(dir('logs'), name), 'utf8')
              .split('\n')
              .slice(-lines)
              .join('\n')}`,
        )
        .join('\n');
    },
    async close(): Promise<void> {
      await processes.killAll();
      try {
        await redis.stop();
      } finally {
        await place.close();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
  try {
    for (const who of [...apis, ...slots]) {
      const proxy = await redis.proxy();
      members.set(who, { proxy, process: await boot(who, proxy) });
    }
  } catch (error) {
    await cluster.close();
    throw error;
  }
  return cluster;
}
