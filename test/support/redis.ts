// A real Redis for a test file: the embedded one-shot server, gone with the test process whatever happens.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedRedis, type EmbeddedRedis } from '#forebay/cli/redis/embedded-redis.js';

/** The user's own cache, so that a machine downloads a server at most once. */
export const redisCacheDir = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'forebay');

/** A failing start says why in its error. */
export const silentLog = { info: (): void => undefined };

/** `stop` in an afterAll. The url is of the form that redisOptions reads. */
export function startTestRedis(): Promise<EmbeddedRedis> {
  return startEmbeddedRedis({
    dataDir: null,
    cacheDir: redisCacheDir,
    env: process.env,
    log: silentLog,
  });
}
