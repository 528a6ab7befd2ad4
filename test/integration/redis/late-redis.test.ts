// Redis starts after API and worker, or refuses them. API and worker report this, answer what they can, and become
// ready by themselves.
import { symlinkSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { makeServiceFolder, startOwnProcess, type OwnProcess } from '../../support/own-process.ts';
import { startTestRedis } from '../../support/redis.ts';
import { writeImages, writeTinyModel } from '../../support/service.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { waitUntil } from '../../support/wait-until.ts';

let place: ReturnType<typeof makeServiceFolder>;
let later: string;
const started: OwnProcess[] = [];
beforeEach(() => {
  place = makeServiceFolder();
  later = join(place.folder, 'later.sock');
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
  place.remove();
});

function start(part: 'api' | 'workers', env: Record<string, string>): OwnProcess {
  const one = startOwnProcess(part, { ...place.env, ...env });
  started.push(one);
  return one;
}

async function problemOf(response: Response) {
  const body = (await response.json()) as { code: string; detail: string };
  return { ...body, http: response.status, retryAfter: response.headers.get('retry-after') };
}

it('API and worker wait for a Redis that starts later, report it once, and then run a job', async () => {
  writeTinyModel(join(place.folder, 'models', 'tiny'), 'tiny');
  await writeImages(join(place.folder, 'input', 'few'), 3);
  const env = { REDIS_URL: `unix://:se%20cret@${later}` };
  const healthPort = await freePort();
  const api = start('api', env);
  const worker = start('workers', { ...env, FOREBAY_WORKER_PORT: String(healthPort) });

  const [, url] = await api.says(/"url":"(http:[^"]+)".*cannot be reached/);
  for (const process of [api, worker]) {
    const [line] = await process.says(/^.*cannot be reached.*\n/m);
    expect(line).toContain(`Redis at unix://:***@${later} cannot be reached (connect ENOENT`);
    expect(line).toContain('Retrying until it answers. Advice: start it, or correct REDIS_URL');
  }

  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const waiting = { http: 503, code: 'queue_unavailable', retryAfter: '1' };
  for (const [path, method] of [
    ['/readyz', 'GET'],
    ['/v1/jobs', 'POST'],
    ['/v1/models', 'GET'],
    ['/nowhere', 'GET'],
  ] as const) {
    const problem = await problemOf(await fetch(url + path, { method }));
    expect(problem, path).toMatchObject(waiting);
    expect(problem.detail).toContain('has not reached its Redis yet');
    expect(problem.detail).not.toContain(later);
  }
  const health = `http://127.0.0.1:${healthPort}/healthz`;
  const unhealthy = await fetch(health);
  expect(unhealthy.status).toBe(503);
  expect(await unhealthy.json()).toMatchObject({
    status: 'waiting',
    reason: expect.stringContaining(`Redis at unix://:***@${later} cannot be reached`) as string,
  });

  const redis = await startTestRedis();
  const operator = new Redis(redis.socketPath);
  await operator.config('SET', 'requirepass', 'se cret');
  operator.disconnect();
  symlinkSync(redis.socketPath, later);
  try {
    await waitUntil('the API', async () => (await fetch(`${url}/readyz`)).ok);
    await waitUntil('the worker', async () => (await fetch(health)).ok);
    const submitted = await fetch(`${url}/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'tiny', input: { type: 'files', path: 'few' } }),
    });
    const { id } = (await submitted.json()) as { id: string };
    await waitUntil('the job', async () => {
      const job = (await (await fetch(`${url}/v1/jobs/${id}`)).json()) as { status: string };
      return job.status === 'completed';
    });
    for (const process of [api, worker]) {
      expect(process.said().match(/cannot be reached/g)).toHaveLength(1);
      expect(process.said()).toContain(' answers.');
      expect(process.said()).not.toMatch(/se.{1,3}cret/);
      expect(await process.stop()).toBe(0);
    }
  } finally {
    await redis.stop();
  }
});

it('a proxy without a Redis behind it is logged as well, and a waiting process stops immediately', async () => {
  const proxy = await startTcpProxy(later);
  try {
    const env = { REDIS_URL: `redis://127.0.0.1:${proxy.port}` };
    for (const process of [start('api', env), start('workers', env)]) {
      await process.says(/Redis at redis:\/\/127\.0\.0\.1:\d+ cannot be reached/);
      expect(await process.stop()).toBe(0);
    }
  } finally {
    await proxy.close();
  }
});

it('a wrong password, a missing password and a Redis that evicts end the process, because waiting cannot fix them', async () => {
  const redis = await startTestRedis();
  const operator = new Redis(redis.socketPath);
  const refuses = async (url: string, ...says: string[]) => {
    for (const process of [start('api', { REDIS_URL: url }), start('workers', { REDIS_URL: url })]) {
      expect(await process.ended).toBe(1);
      for (const text of says) expect(process.said()).toContain(text);
      expect(process.said()).not.toContain('not-it');
    }
  };
  try {
    await operator.config('SET', 'requirepass', 'right');
    const wrong = redis.url.replace('unix://', 'unix://:not-it@');
    await refuses(wrong, 'refuses the login', 'REDIS_URL', 'WRONGPASS');
    await refuses(redis.url, 'refuses the login', 'REDIS_URL', 'NOAUTH');
    await operator.config('SET', 'requirepass', '');
    await operator.config('SET', 'maxmemory', '1gb');
    await operator.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await refuses(redis.url, 'maxmemory-policy noeviction');
  } finally {
    operator.disconnect();
    await redis.stop();
  }
});

it('API and worker report that a port is taken, and name the fix', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await waitUntil('the other program', () => other.listening);
  const { port } = other.address() as AddressInfo;
  try {
    const env = { REDIS_URL: `unix://${later}` };
    const api = start('api', { ...env, FOREBAY_PORT: String(port) });
    const worker = start('workers', { ...env, FOREBAY_WORKER_PORT: String(port) });
    for (const [process, setting] of [
      [api, '--port (FOREBAY_PORT)'],
      [worker, '--worker-port (FOREBAY_WORKER_PORT)'],
    ] as const) {
      expect(await process.ended).toBe(1);
      expect(process.said()).toContain(
        `Another program, perhaps another Forebay, listens on port ${port} of 127.0.0.1`,
      );
      expect(process.said()).toContain(`choose another port with ${setting}.`);
    }
    const elsewhere = start('api', { ...env, FOREBAY_HOST: '192.0.2.1', FOREBAY_AUTH: 'off' });
    expect(await elsewhere.ended).toBe(1);
    expect(elsewhere.said()).toContain('"192.0.2.1" is not an address of this machine');
  } finally {
    other.close();
  }
});
