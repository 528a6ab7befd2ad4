// Connections to a cluster or to Sentinels, while servers are away, cut off from the others, or refuse the login.
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { clusterConnector } from '#forebay/shared/redis/cluster-connector.js';
import { createRedisWatch } from '#forebay/shared/redis/redis-watch.js';
import { redisOptions } from '#forebay/shared/redis/redis-url.js';
import { ServiceRedis } from '#forebay/shared/redis/service-redis.js';
import { freePort } from '../../support/free-port.ts';
import { startRedisServer } from '../../support/redis-server.ts';
import { waitUntil } from '../../support/wait-until.ts';

const KEY = '{forebay}';
const LAST_SLOT = 16_383;
/** Functions that undo what a test has started. They run in reverse order. */
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanups.splice(0).toReversed()) await undo();
});

function connect(
  ports: readonly number[],
  onError: (error: Error) => void = () => undefined,
  password?: string,
) {
  const seeds = ports.map((port) => ({ host: '127.0.0.1', port }));
  const login = password === undefined ? {} : { password };
  const Connector = clusterConnector(seeds, KEY, login);
  return watched(new ServiceRedis({ ...login, Connector }, 'background', onError));
}

/** Unlike `once` of Node, it does not reject on an `error`. */
async function event(client: ServiceRedis, name: 'reconnecting' | 'close') {
  return new Promise((resolve) => client.once(name, resolve));
}

function watched(client: ServiceRedis) {
  cleanups.push(() => client.disconnect());
  return client;
}

async function startNode(port: number, slots: 'all' | 'only ours') {
  const node = await startRedisServer('--port', String(port), '--cluster-enabled', 'yes');
  cleanups.push(() => node.stop());
  const ours = Number(await node.operator.call('CLUSTER', 'KEYSLOT', KEY));
  await node.operator.call('CLUSTER', 'ADDSLOTSRANGE', ...(slots === 'all' ? [0, LAST_SLOT] : [ours, ours]));
  return node;
}

it('a client of a cluster waits for the first node', async () => {
  const port = await freePort();
  const client = connect([port]);
  await event(client, 'reconnecting');
  await startNode(port, 'all');
  expect(await client.set('{forebay}:a', '1')).toBe('OK');
});

it('a client asks another node if the one that answered is cut off from the cluster', async () => {
  const [cutOff, good] = [await freePort(), await freePort()];
  // Without the other slots it refuses commands, and names itself as the owner of ours.
  await Promise.all([startNode(cutOff, 'only ours'), startNode(good, 'all')]);
  expect(await connect([cutOff, good]).set('{forebay}:a', '1')).toBe('OK');
});

it('a refused login to a cluster is reported, and does not wait', async () => {
  const port = await freePort();
  const node = await startNode(port, 'all');
  await node.operator.config('SET', 'requirepass', 'right');
  const watch = createRedisWatch({ redisUrl: `redis://127.0.0.1:${port}`, emit: () => undefined });
  const client = connect([port], watch.onError, 'wrong');
  await expect(watch.from(client)).rejects.toMatchObject({ code: 'config_invalid' });
});

it.each([
  ['away', async () => freePort()],
  [
    'silent',
    async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      cleanups.push(() => server.close());
      return (server.address() as AddressInfo).port;
    },
  ],
])('a client tries again if the only Sentinel is %s', async (_, port) => {
  const url = `redis+sentinel://127.0.0.1:${await port()}/mymaster`;
  const client = watched(new ServiceRedis(redisOptions(url), 'background', () => undefined));
  await event(client, 'reconnecting');
});

it('a subscriber leaves a server that is frozen, and stays at one that is only quiet', async () => {
  const server = await startRedisServer();
  cleanups.push(() => server.stop());
  const { folder, operator } = server;
  const pid = Number(/process_id:(\d+)/.exec(await operator.info('server'))![1]);
  const options = { path: join(folder, 'r.sock'), socketTimeout: 400 };
  const client = watched(new ServiceRedis(options, 'background', () => undefined));
  await client.subscribe('a');
  const pings = async () =>
    Number(/cmdstat_ping:calls=(\d+)/.exec(await operator.info('commandstats'))?.[1] ?? 0);
  const before = await pings();
  await waitUntil('some pings', async () => (await pings()) >= before + 4);
  expect(client.status).toBe('ready');
  process.kill(pid, 'SIGSTOP');
  await event(client, 'close');
});
