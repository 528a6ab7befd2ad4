/** Redis's clock, so that all machines use the same one. */
import type { Redis } from 'ioredis';

/** Epoch ms. */
export async function redisNow(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1000 + Number(microseconds) / 1000;
}
