// A real Redis for a test file: the embedded server without a data folder. It ends with the test process.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedRedis, type EmbeddedRedis } from '#forebay/cli/redis/embedded-redis.js';

/** The user's own cache folder, so that a machine downloads a server at most once. */
export const redisCacheDir = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'forebay');

/** Silent, because the error of a failed start gives the reason. */
export const silentLog = { info: (): void => undefined };

/** Call `stop` in an afterAll. The url has the form that redisOptions reads. */
export function startTestRedis(): Promise<EmbeddedRedis> {
  return startEmbeddedRedis({
    dataDir: null,
    cacheDir: redisCacheDir,
    env: process.env,
    log: silentLog,
    takesUrl: true,
  });
}
