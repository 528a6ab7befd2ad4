/** Finds a Redis server program: on PATH, or one that was unpacked earlier, or one in a package of the distribution. */
import { existsSync, readFileSync } from 'node:fs';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { installedRedis, onPath, type RedisProgram } from './redis-program.ts';
import { cachedRedis, unpackRedis, type RedisLog } from './unpack-redis.ts';

export interface FindRedisOptions {
  /** The folder that keeps an unpacked server for all runs of this user. */
  readonly cacheDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: RedisLog;
  /** Whether the command would use the Redis at REDIS_URL. Then the error advises to set it. */
  readonly takesUrl: boolean;
}

/** Throws ForebayError `redis_not_found`, with the command that installs one on this system. */
export async function findRedis(options: FindRedisOptions): Promise<RedisProgram> {
  const { cacheDir, env, log } = options;
  const present = installedRedis(env) ?? cachedRedis(cacheDir);
  if (present) return present;

  const apt = onPath('apt-get', env);
  const dpkg = onPath('dpkg-deb', env);
  if (!apt || !dpkg) throw notFound(options);
  try {
    return await unpackRedis({ cacheDir, env, log, apt, dpkg });
  } catch (error) {
    throw notFound(options, error);
  }
}

function notFound({ env, takesUrl }: FindRedisOptions, cause?: unknown): ForebayError {
  const install = `Install one with \`${installCommand(env)}\``;
  const attempt =
    cause === undefined
      ? ''
      : ` Forebay tried to unpack the package of this system and failed: ${messageOf(cause)}.`;
  return new ForebayError(
    'redis_not_found',
    takesUrl
      ? `There is no Redis: neither valkey-server nor redis-server is on PATH, and REDIS_URL is not set.${attempt} ` +
          `${install}, or run \`docker run -d -p 127.0.0.1:6379:6379 redis:7 redis-server --appendonly yes ` +
          '--maxmemory-policy noeviction` and set REDIS_URL=redis://127.0.0.1:6379.'
      : `This command starts its own Redis, but neither valkey-server nor redis-server is on PATH.${attempt} ` +
          `${install}.`,
    { cause },
  );
}

const INSTALL: readonly (readonly [family: RegExp, command: string])[] = [
  [/debian|ubuntu/, 'apt-get install -y redis-server'],
  [/fedora|rhel|centos/, 'dnf install -y valkey'],
  [/alpine/, 'apk add valkey'],
  [/arch/, 'pacman -S valkey'],
  [/suse/, 'zypper install -y valkey'],
];

function installCommand(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'darwin') return 'brew install valkey';
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const family = release
    .split('\n')
    .filter((line) => /^ID(_LIKE)?=/.test(line))
    .join(' ');
  const command = INSTALL.find(([pattern]) => pattern.test(family))?.[1];
  if (!command) return 'brew install valkey';
  return process.getuid?.() === 0 || !onPath('sudo', env) ? command : `sudo ${command}`;
}
