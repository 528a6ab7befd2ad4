/** The command line with which a user can look into a Redis. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installedRedis, libraryEnv, onPath } from '../redis/redis-program.ts';
import { cachedRedis } from '../redis/unpack-redis.ts';
import { redactRedisUrl, redisOptions } from '../../shared/redis/redis-url.ts';
import { shellLine } from '../../shared/text/shell-line.ts';

const NAMES = ['redis-cli', 'valkey-cli'];

/** A line for a shell, without passwords. It also works as `$R`, because variables are set with `env`. */
export function redisCliLine(redisUrl: string, env: NodeJS.ProcessEnv, cacheDir: string): string {
  const { path } = redisOptions(redisUrl);
  const where = path === undefined ? ['-u', redactRedisUrl(redisUrl)] : ['-s', path];
  return `${clientCommand(env, cacheDir)} ${shellLine(where)}`;
}

/**
 * An installed client. If neither client nor server is installed, the client beside the unpacked server, which needs
 * the same libraries. Otherwise `redis-cli`, which the user must install.
 */
function clientCommand(env: NodeJS.ProcessEnv, cacheDir: string): string {
  const installed = NAMES.find((name) => onPath(name, env) !== null);
  const server = installedRedis(env) === null ? cachedRedis(cacheDir) : null;
  if (installed !== undefined || server === null) return installed ?? 'redis-cli';
  const client = NAMES.map((name) => join(dirname(server.path), name)).find((path) => existsSync(path));
  if (client === undefined) return 'redis-cli';
  const libraries = Object.entries(libraryEnv(server)).map(
    ([name, value]) => `${name}=${shellLine([value])} `,
  );
  return `${libraries.length === 0 ? '' : 'env '}${libraries.join('')}${shellLine([client])}`;
}
