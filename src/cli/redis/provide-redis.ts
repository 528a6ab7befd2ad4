/** Provides Redis for a process tree: the given server, or else a private one. */
import { startEmbeddedRedis, type EmbeddedRedisOptions } from './embedded-redis.ts';
import { redisOptions } from '../../shared/redis/redis-url.ts';

export interface ProvidedRedis {
  /** The address for redisOptions. It may contain a password. */
  readonly url: string;
  readonly embedded: boolean;
  /** Stops a private server. Leaves a given one alone. */
  stop(): Promise<void>;
  /** Resolves when a private server has exited. Never resolves for a given one. */
  readonly exited: Promise<unknown>;
}

/** Throws ForebayError `config_invalid` if the given address has an unknown form, or an error of startEmbeddedRedis. */
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
