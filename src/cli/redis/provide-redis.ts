/** Decides which Redis a process tree uses: the one it was given, else a private one of its own. */
import { startEmbeddedRedis, type EmbeddedRedisOptions } from './embedded-redis.ts';
import { redisOptions } from '../../shared/redis/redis-url.ts';

export interface ProvidedRedis {
  /** For redisOptions; may hold a password. */
  readonly url: string;
  readonly embedded: boolean;
  /** Ends a private server; leaves a given one alone. */
  stop(): Promise<void>;
  /** Settles when a private server is gone; never for a given one. */
  readonly exited: Promise<unknown>;
}

/** @throws ForebayError `config_invalid` for an address of no known form, else as startEmbeddedRedis. */
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
