/** Provides the Redis of a process tree: the given one, else a private one. */
import { startEmbeddedRedis, type EmbeddedRedisOptions } from './embedded-redis.ts';
import { redisOptions } from '../../shared/redis/redis-url.ts';

export interface ProvidedRedis {
  /** To be read by redisOptions. It may hold a password. */
  readonly url: string;
  readonly embedded: boolean;
  /** Stops a private server. Leaves a given one alone. */
  stop(): Promise<void>;
  /** Resolves when a private server is gone. Never resolves for a given one. */
  readonly exited: Promise<unknown>;
}

/** Throws ForebayError `config_invalid` for an unknown form of address, else the same as startEmbeddedRedis. */
export async function provideRedis(
  options: EmbeddedRedisOptions & { readonly redisUrl?: string | undefined },
): Promise<ProvidedRedis> {
  if (options.redisUrl === undefined) return { ...(await startEmbeddedRedis(options)), embedded: true };
  redisOptions(options.redisUrl);
  return {
    url: options.redisUrl,
    embedded: false,
    stop: async () => undefined,
    exited: new Promise(() => undefined),
  };
}
