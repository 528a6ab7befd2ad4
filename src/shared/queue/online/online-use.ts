/** How many online requests are open, and how many bytes they hold in Redis. For metrics. */
import type { Redis } from 'ioredis';
import { onlineKeys } from '../keys.ts';

export interface OnlineUse {
  /** Those that wait, and those that workers compute. */
  readonly requests: number;
  readonly bytes: number;
}

export async function readOnlineUse(redis: Redis): Promise<OnlineUse> {
  const [requests, bytes] = await Promise.all([redis.zcard(onlineKeys.open), redis.get(onlineKeys.bytes)]);
  return { requests, bytes: Number(bytes ?? 0) };
}
