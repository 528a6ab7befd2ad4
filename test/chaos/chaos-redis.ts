// A Redis that crashes and restarts from its append-only file. Each process connects through its own proxy.
import { dirname } from 'node:path';
import { existsSync } from 'node:fs';
import { Redis } from 'ioredis';
import { startEmbeddedRedis } from '#forebay/cli/redis/embedded-redis.js';
import { redisCacheDir, silentLog } from '../support/redis.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { waitUntil } from '../support/wait-until.ts';

export type ChaosRedis = Awaited<ReturnType<typeof startChaosRedis>>;

export async function startChaosRedis(dataDir: string) {
  const start = async () =>
    startEmbeddedRedis({
      dataDir,
      cacheDir: redisCacheDir,
      env: process.env,
      log: silentLog,
      takesUrl: true,
    });
  let server = await start();
  const proxies = new Set<TcpProxy>();
  return {
    async proxy(): Promise<TcpProxy> {
      const proxy = await startTcpProxy(server.socketPath);
      proxies.add(proxy);
      return proxy;
    },
    /** Kills Redis and restarts it from its append-only file. */
    async crash(): Promise<void> {
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
      server = await start();
      for (const proxy of proxies) proxy.retarget(server.socketPath);
    },
    /** Queries Redis directly, not through a proxy. */
    async ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
      const redis = new Redis(server.socketPath);
      try {
        return await question(redis);
      } finally {
        redis.disconnect();
      }
    },
    async stop(): Promise<void> {
      await Promise.all([...proxies].map(async (proxy) => proxy.close()));
      await server.stop();
      await waitUntil("Redis' folder to be gone", () => !existsSync(dirname(server.socketPath)));
    },
  };
}
