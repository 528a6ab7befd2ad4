// Redis servers on loopback that take over from each other: a cluster of three with replicas, or a pair with Sentinels.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findRedis } from '#forebay/cli/redis/find-redis.js';
import { libraryEnv } from '#forebay/cli/redis/redis-program.js';
import { freePort } from './free-port.ts';
import { redisCacheDir, silentLog } from './redis.ts';
import { waitUntil } from './wait-until.ts';

/** A silent server is taken for dead after this time. */
const SILENT_MS = '1000';

export interface GroupServer {
  readonly port: number;
  readonly operator: Redis;
  readonly signal: (signal: NodeJS.Signals) => void;
}

export type RedisGroup = Awaited<ReturnType<typeof createGroup>>;

async function createGroup() {
  const program = await findRedis({
    cacheDir: redisCacheDir,
    env: process.env,
    log: silentLog,
    takesUrl: true,
  });
  const folder = mkdtempSync(join(tmpdir(), 'fbt-redis-group-'));
  const children = new Set<ChildProcess>();
  const operators: Redis[] = [];
  const killAll = () => children.forEach((child) => child.kill('SIGKILL'));
  process.once('exit', killAll);
  return {
    folder,
    async start(...options: string[]): Promise<GroupServer> {
      const port = await freePort();
      const dir = join(folder, String(port));
      mkdirSync(dir);
      const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir];
      const child = spawn(program.path, [...options, ...own], {
        env: { ...process.env, ...libraryEnv(program), LC_ALL: 'C' },
        stdio: 'ignore',
      });
      children.add(child);
      const operator = new Redis(port);
      operator.on('error', () => undefined);
      operators.push(operator);
      await operator.ping();
      return { port, operator, signal: (signal) => child.kill(signal) };
    },
    async stop(): Promise<void> {
      for (const operator of operators) operator.disconnect();
      process.off('exit', killAll);
      const running = [...children].filter((child) => child.exitCode === null && child.signalCode === null);
      const ends = running.map((child) => once(child, 'exit'));
      killAll();
      await Promise.all(ends);
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

const DATA = ['--save', '', '--appendonly', 'yes', '--repl-diskless-sync-delay', '0'];

/** Three nodes that share the hash slots, each with a replica. */
export async function startRedisCluster() {
  const group = await createGroup();
  const options = [...DATA, '--cluster-enabled', 'yes', '--cluster-node-timeout', SILENT_MS];
  const nodes = await Promise.all(Array.from({ length: 6 }, () => group.start(...options)));
  const [first] = nodes as [GroupServer, ...GroupServer[]];
  const call = (node: GroupServer, ...words: (string | number)[]) => node.operator.call('CLUSTER', ...words);
  for (const node of nodes.slice(1)) await call(node, 'MEET', '127.0.0.1', first.port);
  const primaries = nodes.slice(0, 3);
  const share = Math.ceil(16_384 / 3);
  for (const [i, node] of primaries.entries()) {
    const slots = Array.from({ length: Math.min(share, 16_384 - i * share) }, (_, at) => i * share + at);
    await call(node, 'ADDSLOTS', ...slots);
  }
  await waitUntil('the nodes to meet', async () => {
    const infos = await Promise.all(nodes.map((node) => call(node, 'INFO')));
    return infos.every((info) => /cluster_state:ok[^]*cluster_known_nodes:6/.test(String(info)));
  });
  for (const [i, primary] of primaries.entries()) {
    await call(nodes[i + 3]!, 'REPLICATE', String(await call(primary, 'MYID')));
  }
  await waitUntil('the replicas', async () => {
    const infos = await Promise.all(nodes.slice(3).map((node) => node.operator.info('replication')));
    return infos.every((info) => info.includes('master_link_status:up'));
  });
  return {
    url: `redis+cluster://127.0.0.1:${nodes[2]!.port},127.0.0.1:${first.port}`,
    stop: () => group.stop(),
    nodes,
    /** The node with the keys. */
    async primary(): Promise<GroupServer> {
      const sizes = await Promise.all(primaries.map((node) => node.operator.dbsize()));
      return primaries[sizes.indexOf(Math.max(...sizes))]!;
    },
    /** How many nodes that are no replicas have keys. */
    async nodesWithKeys(): Promise<number> {
      const sizes = await Promise.all(primaries.map((node) => node.operator.dbsize()));
      return sizes.filter((size) => size > 0).length;
    },
  };
}

/** A primary with a replica, and three Sentinels. */
export async function startRedisWithSentinels() {
  const group = await createGroup();
  const primary = await group.start(...DATA);
  const replica = await group.start(...DATA, '--replicaof', '127.0.0.1', String(primary.port));
  const sentinels = await Promise.all(
    [1, 2, 3].map((i) => {
      const file = join(group.folder, `sentinel-${i}.conf`);
      const lines = [
        `sentinel monitor mymaster 127.0.0.1 ${primary.port} 2`,
        `sentinel down-after-milliseconds mymaster ${SILENT_MS}`,
        'sentinel failover-timeout mymaster 5000',
      ];
      writeFileSync(file, `${lines.join('\n')}\n`);
      return group.start(file, '--sentinel');
    }),
  );
  await waitUntil('the Sentinels and the replica', async () => {
    const found = await Promise.all(
      sentinels.map((one) => one.operator.call('SENTINEL', 'MASTER', 'mymaster')),
    );
    const ready = (fields: unknown) => {
      const list = fields as string[];
      const of = (name: string) => list[list.indexOf(name) + 1];
      return of('num-other-sentinels') === '2' && of('num-slaves') === '1';
    };
    return (
      found.every(ready) && (await replica.operator.info('replication')).includes('master_link_status:up')
    );
  });
  const servers = sentinels.map((one) => `127.0.0.1:${one.port}`).join(',');
  return { url: `redis+sentinel://${servers}/mymaster`, stop: () => group.stop(), primary, replica };
}
