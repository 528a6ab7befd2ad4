/** How much memory a Redis uses. */
import type { Redis } from 'ioredis';
import { fieldsOf } from './check-redis.ts';

export interface RedisMemory {
  readonly usedBytes: number;
  /** 0: no limit. */
  readonly limitBytes: number;
}

export async function redisMemory(client: Pick<Redis, 'info'>): Promise<RedisMemory> {
  const info = fieldsOf(await client.info('memory'));
  return { usedBytes: Number(info.get('used_memory') ?? 0), limitBytes: Number(info.get('maxmemory') ?? 0) };
}
