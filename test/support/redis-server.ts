// A Redis server with options that a test chooses. It listens on a unix socket in its own folder.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findRedis } from '#forebay/cli/redis/find-redis.js';
import { libraryEnv } from '#forebay/cli/redis/redis-program.js';
import { redisCacheDir, silentLog } from './redis.ts';

export type RedisServer = Awaited<ReturnType<typeof startRedisServer>>;

export async function startRedisServer(...options: string[]) {
  const program = await findRedis({
    cacheDir: redisCacheDir,
    env: process.env,
    log: silentLog,
    takesUrl: true,
  });
  const folder = mkdtempSync(join(tmpdir(), 'fbt-redis-'));
  const socketPath = join(folder, 'r.sock');
  const own = ['--port', '0', '--unixsocket', socketPath, '--dir', folder, '--save', ''];
  const child = spawn(program.path, [...own, '--appendonly', 'yes', ...options], {
    env: { ...process.env, ...libraryEnv(program), LC_ALL: 'C' },
    stdio: 'ignore',
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  /** An administrator's connection. Its first answer shows that the server is up. */
  const operator = new Redis(socketPath);
  operator.on('error', () => undefined);
  await operator.ping();
  return {
    folder,
    operator,
    url: `unix://${socketPath}`,
    async stop() {
      operator.disconnect();
      process.off('exit', kill);
      if (child.exitCode === null && child.signalCode === null) {
        kill();
        await once(child, 'exit');
      }
      // A child of the server may still be rewriting its append-only file.
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
