/** Connections to Redis. */
import { redisOptions } from '../redis/redis-url.ts';
import { ServiceRedis, type RedisRole } from '../redis/service-redis.ts';

/** `onError`: see ServiceRedis. */
export function connectRedis(url: string, role: RedisRole, onError: (error: Error) => void): ServiceRedis {
  return new ServiceRedis(redisOptions(url), role, onError);
}
