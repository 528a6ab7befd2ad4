/** Removes ids of jobs whose record has expired from an index of jobs. Without this, the index would grow for ever. */
import type { Redis } from 'ioredis';
import { jobKeys } from '../keys.ts';

/** Ids that are checked at once. */
const PAGE = 500;

/** `before`: the smallest id that stays. It must be so old that no record with a smaller id can still be created. */
export async function trimJobIndex(redis: Redis, index: string, before: string): Promise<void> {
  let from = '-';
  for (;;) {
    const ids = await redis.zrangebylex(index, from, `(${before}`, 'LIMIT', 0, PAGE);
    // A job that was paused or ran for long is old, but its record still exists.
    const found = await Promise.all(ids.map(async (id) => redis.exists(jobKeys(id).job)));
    const expired = ids.filter((_, i) => found[i] === 0);
    if (expired.length > 0) await redis.zrem(index, ...expired);
    if (ids.length < PAGE) return;
    from = `(${ids.at(-1)!}`;
  }
}
