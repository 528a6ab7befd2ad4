/** How many bytes the ended jobs of a tenant have left on storage. */
import type { Redis } from 'ioredis';
import { indexKeys } from '../keys.ts';

/** `keptMs`: how long an ended job counts. */
export function createStoredBytes(deps: { redis: Redis; now: () => number; keptMs: number }) {
  const { redis, now, keptMs } = deps;

  return {
    /** Counts what a job left on storage, once per job, for the retention time. */
    async noteStored(tenant: string, id: string, bytes: number): Promise<void> {
      const key = indexKeys.storedOf(tenant);
      await redis
        .multi()
        .zremrangebyscore(key, '-inf', now())
        .zadd(key, now() + keptMs, `${id}/${bytes}`)
        .pexpire(key, keptMs)
        .exec();
    },
    /** Bytes that the ended jobs of a tenant left on storage. */
    async storedBytes(tenant: string): Promise<number> {
      const members = await redis.zrangebyscore(indexKeys.storedOf(tenant), `(${now()}`, '+inf');
      return members.reduce((sum, member) => sum + Number(member.slice(member.indexOf('/') + 1)), 0);
    },
  };
}
