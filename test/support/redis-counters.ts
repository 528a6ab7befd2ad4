// What Redis has counted.
import type { Redis } from 'ioredis';

/** A number in a section of INFO. 0 if it is not there. `field`: a pattern. */
export async function infoOf(redis: Redis, section: string, field: string): Promise<number> {
  return Number(new RegExp(`${field}[:=](\\d+)`).exec(await redis.info(section))?.[1] ?? 0);
}

/** How many scripts have run so far, whether or not Redis had cached them. */
export async function scriptsRun(redis: Redis): Promise<number> {
  const [first, again, failed] = await Promise.all(
    ['eval:calls', 'evalsha:calls', 'evalsha:.*failed_calls'].map(async (field) =>
      infoOf(redis, 'commandstats', `cmdstat_${field}`),
    ),
  );
  return first! + again! - failed!;
}
