// Redis refuses writes for a while: as a replica, out of memory, unable to save. API and workers say why, once, and go on.
import { rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { makeServiceFolder, startOwnProcess, type OwnProcess } from '../support/own-process.ts';
import { startRedisServer, type RedisServer } from '../support/redis-server.ts';
import { indexes, readOutput, upTo, writeImages, writeTinyModel } from '../support/service.ts';
import { waitUntil } from '../support/wait-until.ts';

const ROWS = 1500;

let place: ReturnType<typeof makeServiceFolder>;
let redis: RedisServer;
const started: OwnProcess[] = [];
/** Closed after the processes: one that has lost its Redis takes its whole grace time to stop. */
const addresses: { close(): void }[] = [];
beforeEach(async () => {
  place = makeServiceFolder();
  writeTinyModel(join(place.folder, 'models', 'tiny'), 'tiny');
  await writeImages(join(place.folder, 'input', 'images'), 30);
  const rows = upTo(ROWS).map((i) =>
    JSON.stringify({ id: `row-${i}`, uri: `images/${String(i % 30).padStart(6, '0')}.png` }),
  );
  writeFileSync(join(place.folder, 'input', 'rows.txt'), rows.join('\n'));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
  for (const address of addresses.splice(0)) address.close();
  await redis?.stop();
  place.remove();
});

interface Job {
  readonly id: string;
  readonly status: string;
  readonly output: string;
  readonly blocks: { readonly done: number };
  readonly rows: object;
}

/** API and worker on a Redis, and requests to them. */
async function startBoth(redisUrl: string) {
  const healthPort = await freePort();
  // Warnings are what `forebay up` shows.
  const env = { ...place.env, REDIS_URL: redisUrl, FOREBAY_HEALTH_PORT: String(healthPort) };
  const api = startOwnProcess('api', env);
  const worker = startOwnProcess('workers', env);
  started.push(api, worker);
  const [, url = ''] = await api.says(/"url":"(http:[^"]+)","msg":"listening"/);
  const health = `http://127.0.0.1:${healthPort}`;
  const isOk = async (address: string) => (await fetch(address).catch(() => null))?.ok === true;
  await waitUntil('API and worker', async () => (await isOk(`${url}/readyz`)) && isOk(`${health}/readyz`));
  const job = async (id: string) => (await (await fetch(`${url}/v1/jobs/${id}`)).json()) as Job;
  return {
    api,
    worker,
    url,
    health,
    isOk,
    job,
    submit: () =>
      fetch(`${url}/v1/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'tiny',
          input: { type: 'manifest', path: 'rows.txt' },
          options: { block_rows: 10 },
        }),
      }),
  };
}

const KINDS = [
  {
    kind: 'a replica, as after a failover',
    code: 'redis_read_only',
    says: 'read-only replica',
    begin: async () => redis.operator.replicaof('127.0.0.1', await freePort()),
    end: () => redis.operator.replicaof('NO', 'ONE'),
  },
  {
    kind: 'full',
    code: 'redis_full',
    says: 'it is full',
    begin: () => redis.operator.config('SET', 'maxmemory', '100kb'),
    end: () => redis.operator.config('SET', 'maxmemory', '0'),
  },
  {
    kind: 'unable to save',
    code: 'redis_not_saving',
    says: 'cannot save its data',
    begin: async () => {
      await redis.operator.config('SET', 'save', '3600 1');
      // Its working folder: what is open stays open, and nothing new can be made.
      rmSync(redis.folder, { recursive: true });
      await redis.operator.bgsave();
    },
    end: () => redis.operator.config('SET', 'save', ''),
  },
] as const;

describe('a Redis that becomes', () => {
  it.each(KINDS)(
    '$kind: 503 with a code of its own, one line for the loss and one for the end, and no row lost or doubled',
    async ({ code, says, begin, end }) => {
      redis = await startRedisServer();
      const { api, worker, url, health, isOk, job, submit } = await startBoth(redis.url);
      const { id } = (await (await submit()).json()) as Job;
      await waitUntil('some commits', async () => (await job(id)).blocks.done >= 10);

      await begin();
      const refused = await waitUntil('a refusal', async () => {
        const response = await submit();
        return response.status !== 202 && response;
      });
      expect(refused.status).toBe(503);
      expect(refused.headers.get('content-type')).toBe('application/problem+json');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      const problem = (await refused.json()) as { code: string; detail: string };
      expect(problem).toMatchObject({ code, detail: expect.stringContaining(says) as string });

      const probe = await fetch(`${url}/readyz`);
      expect([probe.status, ((await probe.json()) as { code: string }).code]).toEqual([503, code]);
      expect(await isOk(`${url}/healthz`)).toBe(true);
      const waits = await waitUntil('the worker not to be ready', async () => {
        const response = await fetch(`${health}/readyz`);
        return response.status === 503 && ((await response.json()) as { status: string; reason: string });
      });
      expect(waits).toMatchObject({ status: 'waiting', reason: expect.stringContaining(says) as string });
      expect(await isOk(`${health}/healthz`)).toBe(true);
      // Reading goes on, but for transactions, which a full Redis refuses whatever they do.
      if (code !== 'redis_full') expect((await job(id)).blocks.done).toBeLessThan(ROWS / 10);

      await end();
      await waitUntil('the job', async () => (await job(id)).status === 'completed', 60_000);
      expect((await job(id)).rows).toMatchObject({ total: ROWS, succeeded: ROWS, failed: 0 });
      expect(indexes(readOutput((await job(id)).output))).toEqual(upTo(ROWS));
      await waitUntil(
        'API and worker',
        async () => (await isOk(`${url}/readyz`)) && isOk(`${health}/readyz`),
      );
      for (const process of [api, worker]) {
        const lines = process
          .said()
          .split('\n')
          .filter((line) => /"level":[45]0/.test(line));
        expect(lines.filter((line) => line.includes(says)).length, process.said()).toBe(1);
        expect(lines.filter((line) => line.includes('takes writes after')).length, process.said()).toBe(1);
        expect(lines.length, lines.join('\n')).toBe(2);
      }
      expect(api.said() + worker.said() + JSON.stringify(problem)).not.toMatch(
        /maxRetriesPerRequest|enableOfflineQueue|retryStrategy/,
      );
    },
    120_000,
  );

  it('replaced by its replica is left: connections that stay open do not hold the service back', async () => {
    redis = await startRedisServer();
    const other = await startRedisServer();
    await redis.operator.config('SET', 'repl-diskless-sync-delay', '0');
    const port = await freePort();
    const otherPort = await freePort();
    await redis.operator.config('SET', 'port', String(port));
    await other.operator.config('SET', 'port', String(otherPort));
    const address = await startMovableAddress(port);
    addresses.push(address);
    try {
      const { job, submit } = await startBoth(`redis://127.0.0.1:${address.port}`);
      const { id } = (await (await submit()).json()) as Job;
      await waitUntil('some commits', async () => (await job(id)).blocks.done >= 10);
      await other.operator.replicaof('127.0.0.1', port);
      const caughtUp = async () => {
        const [ours, theirs] = await Promise.all(
          [redis, other].map((one) => one.operator.info('replication')),
        );
        const offset = (info: string | undefined) => /master_repl_offset:(\d+)/.exec(info ?? '')?.[1];
        return /master_link_status:up/.test(theirs ?? '') && offset(ours) === offset(theirs);
      };
      // As a failover does it: writes stop, the replica catches up, roles change, the name moves.
      await waitUntil('the replica', async () =>
        /master_link_status:up/.test(await other.operator.info('replication')),
      );
      await redis.operator.client('PAUSE', 60_000, 'WRITE');
      await waitUntil('the replica to have all', caughtUp);
      await other.operator.replicaof('NO', 'ONE');
      await redis.operator.replicaof('127.0.0.1', otherPort);
      address.moveTo(otherPort);
      await redis.operator.client('UNPAUSE');

      await waitUntil('the job', async () => (await job(id)).status === 'completed', 60_000);
      expect(indexes(readOutput((await job(id)).output))).toEqual(upTo(ROWS));
    } finally {
      await Promise.all(started.splice(0).map((one) => one.stop()));
      await other.stop();
    }
  }, 120_000);

  it('unreachable is told of once when it is lost and once when it is back, whatever is asked meanwhile', async () => {
    redis = await startRedisServer();
    const port = await freePort();
    await redis.operator.config('SET', 'port', String(port));
    const address = await startMovableAddress(port);
    addresses.push(address);
    const { api, worker, url, health, isOk } = await startBoth(`redis://127.0.0.1:${address.port}`);
    address.cut();
    for (let i = 0; i < 5; i++) {
      const response = await fetch(`${url}/v1/jobs`);
      const { code, detail } = (await response.json()) as { code: string; detail: string };
      expect([response.status, code]).toEqual([503, 'queue_unavailable']);
      expect(detail).not.toMatch(/maxRetries|option/i);
    }
    await waitUntil('the worker not to be ready', async () => !(await isOk(`${health}/readyz`)));
    address.moveTo(port);
    await waitUntil('both', async () => (await isOk(`${url}/readyz`)) && isOk(`${health}/readyz`));
    for (const process of [api, worker]) {
      await process.says(/is back after/);
      const lines = process
        .said()
        .split('\n')
        .filter((line) => /"level":[45]0/.test(line));
      expect(lines.map((line) => / is (lost|back) /.exec(line)?.[1])).toEqual(['lost', 'back']);
      expect(process.said()).not.toMatch(/maxRetriesPerRequest|enableOfflineQueue/);
    }
  }, 60_000);
});

it('a Redis in cluster mode is refused with one sentence', async () => {
  redis = await startRedisServer('--cluster-enabled', 'yes', '--port', String(await freePort()));
  for (const part of ['api', 'workers'] as const) {
    const one = startOwnProcess(part, { ...place.env, REDIS_URL: redis.url });
    started.push(one);
    expect(await one.ended).toBe(1);
    expect(one.said().trim().split('\n')).toEqual([
      `forebay ${part === 'api' ? 'api' : 'worker'}: Redis runs in cluster mode, which Forebay does not support yet: use a Redis without cluster mode (cluster-enabled no).`,
    ]);
  }
});

/** An address that can be given to another server; connections that are open stay where they are until they are cut. */
async function startMovableAddress(first: number) {
  let target: number | null = first;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    if (target === null) {
      client.destroy();
      return;
    }
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => open.delete(socket));
    }
    client.pipe(upstream);
    upstream.pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  const cut = () => {
    target = null;
    for (const socket of open) socket.destroy();
  };
  server.listen(0, '127.0.0.1');
  await waitUntil('the address', () => server.listening);
  return {
    port: (server.address() as AddressInfo).port,
    moveTo: (port: number) => void (target = port),
    cut,
    close() {
      cut();
      server.close();
    },
  };
}

it('a password that Redis no longer takes is in no answer and no log, and no error carries it', async () => {
  redis = await startRedisServer();
  const password = 'p@ss/w#rd%?:zq';
  const encoded = encodeURIComponent(password);
  await redis.operator.config('SET', 'requirepass', password);
  await redis.operator.auth(password);
  const { api, worker, url } = await startBoth(redis.url.replace('unix://', `unix://:${encoded}@`));
  await redis.operator.config('SET', 'requirepass', 'another');
  await redis.operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  const answer = await waitUntil('the API to notice', async () => {
    const response = await fetch(`${url}/v1/jobs`);
    return response.status !== 200 && response;
  });
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
    503,
    'queue_unavailable',
  ]);
  // Which of two errors a process names depends on whether it was writing when its connection was closed.
  for (const process of [api, worker]) await process.says(/is lost \(/);
  const refusals = async () => {
    const log = (await redis.operator.call('ACL', 'LOG')) as (string | number)[][];
    const counts = log.filter((entry) => entry.includes('auth')).map((entry) => Number(entry[1]));
    return counts.reduce((sum, count) => sum + count, 0);
  };
  const before = await refusals();
  await waitUntil('more tries with the old password', async () => (await refusals()) > before + 10);
  for (const process of [api, worker]) {
    expect(process.said()).not.toMatch(/zq/);
    expect(process.said()).not.toContain(password);
    expect(process.said()).not.toContain(encoded);
  }
}, 60_000);
