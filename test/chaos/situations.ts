// Situations in which jobs get into each other's way, with two APIs. A job overwrites the output of another job whose
// worker is frozen, many clients want the same outputs, or tenants work side by side. A seed plays one situation, and
// faults happen during or after it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { createKeyStore } from '#forebay/shared/keys/key-store.js';
import { createRandom, type Random } from '../support/random.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startCluster, type Api, type Cluster } from './cluster.ts';
import { inject } from './inject.ts';
import { chaosRequest, type ChaosJob } from './job.ts';
import type { Outcome } from './outcome.ts';
import { planOf, type FaultKind } from './plan.ts';
import { disturb, PATIENCE_MS, untilEnded, type SeedReport } from './run-seed.ts';
import { verify, type EndedJob } from './verify.ts';

export const SITUATIONS = ['overwritten', 'contended', 'tenants'] as const;
export type Situation = (typeof SITUATIONS)[number];

const WORKERS = 2;
const APIS: readonly Api[] = ['api', 'api2'];
const TENANTS = ['alice', 'bob'] as const;
/** The number of clients that want the same outputs, and for how long. */
const CLIENTS = 12;
const CONTEND_MS = 8_000;

interface Scene {
  readonly cluster: Cluster;
  readonly random: Random;
  readonly job: ChaosJob;
  readonly faults: ReturnType<typeof planOf>;
  readonly wrong: string[];
}

export async function runSituation(
  situation: Situation,
  seed: number,
  job: ChaosJob,
  expected: Outcome,
  kinds: readonly FaultKind[],
): Promise<SeedReport> {
  const began = performance.now();
  const auth = situation === 'tenants' ? { FOREBAY_AUTH: 'on' } : {};
  const cluster = await startCluster({ workers: WORKERS, apis: APIS, env: auth });
  const faults = planOf(seed, { workers: WORKERS, faults: 3, kinds });
  const scene: Scene = { cluster, random: createRandom(seed), job, faults, wrong: [] };
  try {
    const ended = await PLAYS[situation](scene);
    scene.wrong.push(...(await verify(cluster, ended, job, expected)));
  } catch (error) {
    scene.wrong.push(String(error), ...cluster.surprises);
  }
  const logs = scene.wrong.length === 0 ? '' : cluster.logs();
  await cluster.close();
  return { wrong: scene.wrong, logs, seconds: (performance.now() - began) / 1000 };
}

const PLAYS: Record<Situation, (scene: Scene) => Promise<EndedJob[]>> = {
  overwritten: playOverwritten,
  contended: playContended,
  tenants: playTenants,
};

/**
 * A first job is cancelled while a worker is frozen or cut off from Redis. A second job with different answers
 * overwrites the output of the first.
 */
async function playOverwritten({ cluster, random, job, faults }: Scene): Promise<EndedJob[]> {
  const request = await chaosRequest(cluster, job);
  const first = await submitSurely(cluster, random, {
    ...request,
    output: cluster.output,
    options: { ...request.options, top_k: 1 },
  });
  const begun = Math.ceil((job.rows / job.blockRows) * (0.1 + 0.3 * random.next()));
  await waitUntil(
    'the first job to be running',
    async () => (await cluster.published()) >= begun,
    PATIENCE_MS,
  );
  const slot = random.int(0, WORKERS - 1);
  const cutOff = random.next() < 0.3;
  if (cutOff) cluster.proxy(slot).delay(25_000);
  else cluster.signal(slot, 'SIGSTOP');
  await controlSurely(cluster, random, first, 'cancel');
  await untilEnded(cluster, first);
  const second = await submitSurely(cluster, random, {
    ...request,
    output: cluster.output,
    options: { ...request.options, if_output_exists: 'overwrite' },
  });
  const resumed = begun * random.next();
  await waitUntil(
    'the second job to be running',
    async () => (await cluster.published()) >= resumed,
    PATIENCE_MS,
  );
  if (cutOff) cluster.proxy(slot).delay(0);
  else cluster.signal(slot, 'SIGCONT');
  await disturb(cluster, faults, Math.ceil(job.rows / job.blockRows));
  await untilEnded(cluster, second);
  return [{ id: second, folder: cluster.output }];
}

/**
 * While faults happen, clients of both APIs submit jobs to a few folders and cancel them. They send each idempotency
 * key twice.
 */
async function playContended({ cluster, random, job, faults, wrong }: Scene): Promise<EndedJob[]> {
  const request = await chaosRequest(cluster, job);
  const folders = [cluster.output, cluster.place.at('b'), cluster.place.at('c')];
  const until = performance.now() + CONTEND_MS;
  const made = new Map<string, Set<string>>();
  const client = async (n: number, own: Random) => {
    for (let i = 0; performance.now() < until; i++) {
      const output = own.pick(folders);
      const once = `client-${n}-${i}`;
      const options = { ...request.options, if_output_exists: 'overwrite' };
      const how = () => ({ api: own.pick(APIS), once });
      const body = { model: 'tiny', ...request, output, options };
      // Each request is sent twice, whatever the answer, to check that a key creates at most one job.
      for (let tries = 0; tries < 2; tries++) {
        const answer = await cluster.post('/v1/jobs', body, how()).catch(() => null);
        if (answer !== null && answer.status >= 500 && answer.status !== 503) {
          wrong.push(`a submit was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
        }
        if (answer?.status !== 202) continue;
        const id = answer.body['id'] as string;
        made.set(once, (made.get(once) ?? new Set()).add(id));
        if (own.next() < 0.7) await cluster.post(`/v1/jobs/${id}/cancel`, {}, how()).catch(() => null);
      }
    }
  };
  const clients = Array.from({ length: CLIENTS }, async (_, n) =>
    client(n, createRandom(n * 7919 + random.int(0, 999))),
  );
  let healed = Promise.resolve();
  for (const fault of [...faults.map((planned) => planned.fault), { kind: 'kill_api' } as const]) {
    await delay(CONTEND_MS / 6);
    wrong.push(...(await cluster.redis.ask(sharedOutputs)));
    const injected = await inject(cluster, fault);
    healed = healed.then(() => injected.healed);
    wrong.push(...(await cluster.redis.ask(sharedOutputs).catch(() => [])));
  }
  await Promise.all([...clients, healed]);
  for (const [key, ids] of made) if (ids.size > 1) wrong.push(`${key} created ${ids.size} jobs`);
  const active = await cluster.redis.ask(async (redis) => redis.smembers('forebay:{index}:active'));
  for (const id of active) await controlSurely(cluster, random, id, 'cancel');
  for (const id of active) await untilEnded(cluster, id);
  for (const folder of folders) {
    const staged = (await cluster.place.names(folder)).filter((name) => name === '_staging');
    if (staged.length > 0) wrong.push(`${folder} holds a staging folder after its jobs have ended`);
  }
  const options = { ...request.options, if_output_exists: 'overwrite' };
  const last = await submitSurely(cluster, random, { ...request, output: cluster.output, options });
  await untilEnded(cluster, last);
  return [{ id: last, folder: cluster.output }];
}

/** Two tenants, alice and bob, run the same job at once. Then bob forges a job.json that names alice's rows. */
async function playTenants({ cluster, random, job, faults, wrong }: Scene): Promise<EndedJob[]> {
  const keys = await cluster.redis.ask(async (redis) => {
    const store = createKeyStore({ redis });
    const scopes = ['jobs:read' as const, 'jobs:write' as const];
    const made = TENANTS.map(async (tenant) =>
      store.create({ name: 'chaos', tenant, scopes, expiresAt: null }),
    );
    return (await Promise.all(made)).map(({ text }) => text);
  });
  const request = await chaosRequest(cluster, job);
  const ended = await Promise.all(
    TENANTS.map(async (tenant, i) => {
      const folder = cluster.place.at(tenant, 'job');
      const id = await submitSurely(cluster, random, { ...request, output: folder }, keys[i]);
      return { id, folder, key: keys[i]! };
    }),
  );
  const rows = Array.from({ length: 3 }, (_, i) => ({ id: `hers-${i}`, data: 'AAAA' }));
  const hers = await submitSurely(cluster, random, { input: { type: 'inline', rows } }, keys[0]);
  const record = await cluster.redis.ask(async (redis) => redis.hget(`forebay:{${hers}}:job`, 'spec'));
  const forged = cluster.place.at('bob', 'forged');
  mkdirSync(forged, { recursive: true });
  writeFileSync(
    join(forged, 'job.json'),
    JSON.stringify({ ...(JSON.parse(record!) as object), tenant: 'bob' }),
  );
  await disturb(cluster, faults, Math.ceil(job.rows / job.blockRows), ended[0]!.folder);
  for (const api of APIS) {
    const answer = await cluster.post('/v1/jobs/resume', { output: forged }, { api, key: keys[1]! });
    if (answer.status === 202) wrong.push("bob's forged job.json gave him alice's rows");
  }
  for (const { id, key } of ended) await untilEnded(cluster, id, key);
  await untilEnded(cluster, hers, keys[0]);
  return ended;
}

/** Describes outputs that more than one live job owns. */
async function sharedOutputs(redis: Redis): Promise<string[]> {
  const owners = new Map<string, string>();
  const wrong: string[] = [];
  for (const id of await redis.smembers('forebay:{index}:active')) {
    const [spec, status] = await redis.hmget(`forebay:{${id}}:job`, 'spec', 'status');
    if (!spec || ['completed', 'failed', 'cancelled'].includes(status ?? '')) continue;
    const { output } = JSON.parse(spec) as { output: string };
    if (owners.has(output)) wrong.push(`${owners.get(output)} and ${id} both write to ${output}`);
    owners.set(output, id);
  }
  return wrong;
}

/** Repeats a submit with one idempotency key until the job is accepted. */
async function submitSurely(cluster: Cluster, random: Random, body: object, key?: string): Promise<string> {
  const once = `once-${random.int(0, 1_000_000_000)}`;
  let id: string | null = null;
  let said = 'nothing';
  await waitUntil(
    'a job to be accepted',
    async () => {
      const how = { api: random.pick(APIS), once, ...(key !== undefined && { key }) };
      const answer = await cluster.post('/v1/jobs', { model: 'tiny', ...body }, how).catch(() => null);
      if (answer !== null) said = `${answer.status} ${JSON.stringify(answer.body)}`;
      if (answer?.status === 202) id = answer.body['id'] as string;
      return id !== null;
    },
    PATIENCE_MS,
  ).catch((cause: unknown) => {
    throw new Error(`no job was accepted: ${said}`, { cause });
  });
  return id!;
}

async function controlSurely(cluster: Cluster, random: Random, id: string, command: string): Promise<void> {
  await waitUntil(
    `job ${id} to accept ${command}`,
    async () => {
      const api = random.pick(APIS);
      const answer = await cluster.post(`/v1/jobs/${id}/${command}`, {}, { api }).catch(() => null);
      return answer?.status === 200 || answer?.status === 409;
    },
    PATIENCE_MS,
  );
}
