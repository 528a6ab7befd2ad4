// API and worker lose their Redis to a failover, to the network or to a changed password, or cannot use it at all.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { makeServiceFolder, startOwnProcess } from '../../support/own-process.ts';
import { startRedisServer } from '../../support/redis-server.ts';
import { indexes, readOutput, upTo } from '../../support/service.ts';
import { PAIR_ROWS, startServicePair, warningsIn, type PairJob } from '../../support/service-pair.ts';
import { waitUntil } from '../../support/wait-until.ts';

/** Functions that undo what a test has started. They run in reverse order. */
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanups.splice(0).toReversed()) await undo();
});

async function startRedis(...options: string[]) {
  const redis = await startRedisServer(...options);
  cleanups.push(() => redis.stop());
  return redis;
}
async function startAddress(port: number) {
  const address = await startMovableAddress(port);
  cleanups.push(() => address.close());
  return address;
}
async function startPair(redisUrl: string) {
  const pair = await startServicePair(redisUrl);
  cleanups.push(() => pair.stop());
  return pair;
}

it('after a failover the service uses the new Redis, although connections to the old one stay open', async () => {
  const redis = await startRedis();
  const other = await startRedis();
  await redis.operator.config('SET', 'repl-diskless-sync-delay', '0');
  const port = await freePort();
  const otherPort = await freePort();
  await redis.operator.config('SET', 'port', String(port));
  await other.operator.config('SET', 'port', String(otherPort));
  const address = await startAddress(port);
  const service = await startPair(`redis://127.0.0.1:${address.port}`);
  const { id } = (await (await service.submit()).json()) as PairJob;
  await service.begun(id);
  await other.operator.replicaof('127.0.0.1', port);
  const caughtUp = async () => {
    const [ours, theirs] = await Promise.all([redis, other].map((one) => one.operator.info('replication')));
    const offset = (info: string | undefined) => /master_repl_offset:(\d+)/.exec(info ?? '')?.[1];
    return /master_link_status:up/.test(theirs ?? '') && offset(ours) === offset(theirs);
  };
  // As in a failover: writes stop, the replica catches up, the roles change, the address moves.
  await waitUntil('the replica', async () =>
    /master_link_status:up/.test(await other.operator.info('replication')),
  );
  await redis.operator.client('PAUSE', 60_000, 'WRITE');
  await waitUntil('the replica to have all', caughtUp);
  await other.operator.replicaof('NO', 'ONE');
  await redis.operator.replicaof('127.0.0.1', otherPort);
  address.moveTo(otherPort);
  await redis.operator.client('UNPAUSE');

  expect(indexes(readOutput((await service.completed(id)).output))).toEqual(upTo(PAIR_ROWS));
});

it('each loss of Redis, each reason for it and its return are logged once, however many requests come meanwhile', async () => {
  const redis = await startRedis();
  const port = await freePort();
  await redis.operator.config('SET', 'port', String(port), 'requirepass', 'first');
  await redis.operator.auth('first');
  const address = await startAddress(port);
  const { api, worker, url, health, isOk, ready } = await startPair(
    `redis://:first@127.0.0.1:${address.port}`,
  );
  const processes = [api, worker];
  address.cut();
  for (let i = 0; i < 5; i++) {
    const response = await fetch(`${url}/v1/jobs`);
    const { code, detail } = (await response.json()) as { code: string; detail: string };
    expect([response.status, code]).toEqual([503, 'queue_unavailable']);
    expect(detail).not.toMatch(/maxRetries|option/i);
  }
  await waitUntil('the worker not to be ready', async () => !(await isOk(`${health}/readyz`)));
  address.moveTo(port);
  await ready();
  const reported = (log: string) => warningsIn(log).map((line) => / is (lost|back) /.exec(line)?.[1]);
  for (const process of processes) {
    await process.says(/is back after/);
    expect(reported(process.said())).toEqual(['lost', 'back']);
    expect(process.said()).not.toMatch(/maxRetriesPerRequest|enableOfflineQueue/);
  }

  const before = processes.map((process) => process.said().length);
  const saidSince = (i: number) => processes[i]!.said().slice(before[i]);
  const bothSay = async (what: RegExp) => {
    for (const i of [0, 1]) await waitUntil(String(what), () => what.test(saidSince(i)));
  };
  address.cut();
  await bothSay(/is lost \(/);
  await redis.operator.config('SET', 'requirepass', 'second');
  address.moveTo(port);
  await bothSay(/is lost \(.*WRONGPASS.*Advice: correct the user and password in REDIS_URL/);
  address.cut();
  await redis.operator.config('SET', 'requirepass', 'first');
  address.moveTo(port);
  await ready();
  await bothSay(/is back after/);
  for (const i of [0, 1])
    expect(reported(saidSince(i)), warningsIn(saidSince(i)).join('\n')).toEqual(['lost', 'lost', 'back']);
});

it('a Redis in cluster mode that is named as a single server is refused with one sentence', async () => {
  const redis = await startRedis('--cluster-enabled', 'yes', '--port', String(await freePort()));
  const place = makeServiceFolder();
  cleanups.push(() => place.remove());
  for (const part of ['api', 'workers'] as const) {
    const one = startOwnProcess(part, { ...place.env, REDIS_URL: redis.url });
    expect(await one.ended).toBe(1);
    expect(one.said().trim().split('\n')).toEqual([
      `forebay ${part === 'api' ? 'api' : 'worker'}: Redis runs in cluster mode, and REDIS_URL names one server: set REDIS_URL to redis+cluster://host:port,host:port with some of its nodes.`,
    ]);
  }
});

it('a password that Redis no longer accepts appears in no answer and no log', async () => {
  const redis = await startRedis();
  const password = 'p@ss/w#rd%?:zq';
  const encoded = encodeURIComponent(password);
  await redis.operator.config('SET', 'requirepass', password);
  await redis.operator.auth(password);
  const { api, worker, url } = await startPair(redis.url.replace('unix://', `unix://:${encoded}@`));
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
  await waitUntil('more attempts with the old password', async () => (await refusals()) > before + 10);
  for (const process of [api, worker]) {
    expect(process.said()).not.toMatch(/zq/);
    expect(process.said()).not.toContain(password);
    expect(process.said()).not.toContain(encoded);
  }
});

/** An address that can move to another server. Open connections stay with the old one until they are cut. */
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
