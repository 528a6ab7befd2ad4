/**
 * Opens the keys of a service. They are in the given Redis, or else in the private Redis of the data folder. If no
 * service runs on that folder, this starts its Redis temporarily.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../shared/config/config.ts';
import { createKeyStore, type KeyStore } from '../../shared/keys/key-store.ts';
import { connectRedis } from '../../shared/queue/connection.ts';
import { runningRedis, startEmbeddedRedis } from '../redis/embedded-redis.ts';
import { withTlsAdvice } from '../../shared/redis/tls-advice.ts';
import type { CliContext } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { toSettings, type ServiceFlags } from '../options/service-flags.ts';

export interface KeyStoreFlags extends ServiceFlags {
  readonly data?: string;
  readonly redisUrl?: string;
}

/**
 * Throws the errors of starting or calling Redis, and ForebayError `config_invalid`. Throws UsageError if neither a
 * Redis nor --data is given, and no service has ever run on the data folder.
 */
export async function withKeys<T>(
  flags: KeyStoreFlags,
  context: Pick<CliContext, 'env' | 'cwd' | 'terminal'>,
  use: (keys: KeyStore) => Promise<T>,
): Promise<T> {
  // --data selects the private Redis of that folder, whatever REDIS_URL says.
  const env = {
    ...context.env,
    ...(flags.data !== undefined && { REDIS_URL: undefined }),
    ...toSettings(flags),
  };
  const { redisUrl, dataDir, cacheDir } = readConfig(env, context.cwd);
  const url = redisUrl ?? runningRedis(dataDir);
  if (url !== null) return withRedis(url, use);

  if (flags.data === undefined && !existsSync(join(dataDir, 'redis'))) {
    throw new UsageError(
      `there is no service here: ${dataDir} holds no data. Give the data folder of the service with --data, or its Redis with --redis-url (REDIS_URL)`,
    );
  }
  const note = (line: string) => context.terminal.err(`${line}\n`);
  const redis = await startEmbeddedRedis({
    // The keys are in this data folder. Another Redis does not have them.
    takesUrl: false,
    dataDir,
    cacheDir,
    env,
    log: { info: (_fields, message) => note(message) },
  });
  try {
    return await withRedis(redis.url, use);
  } finally {
    await redis.stop();
  }
}

async function withRedis<T>(url: string, use: (keys: KeyStore) => Promise<T>): Promise<T> {
  let lastError: Error | null = null;
  const redis = connectRedis(url, 'request', (error) => (lastError = error));
  try {
    return await use(createKeyStore({ redis }));
  } catch (error) {
    // The connection error is more specific than the command error.
    if (lastError === null) throw error;
    throw new Error(`Redis cannot be used: ${withTlsAdvice(lastError)}`, { cause: error });
  } finally {
    redis.disconnect();
  }
}
