/** The wishes of operators for the sweeper, with the time at which each was last needed. */
import type { Redis } from 'ioredis';
import { indexKeys } from '../keys.ts';
import { redisNow } from '../redis-now.ts';
import type { RunScript } from '../scripts.ts';
import { storedWishes, wishText, type StoredWish } from './model-wishes.ts';

export type StoredWishes = ReturnType<typeof createStoredWishes>;

export function createStoredWishes({ redis, run }: { redis: Redis; run: RunScript }) {
  async function replace({ queue, text }: StoredWish, by: string): Promise<boolean> {
    return (await run('replace-wish', [indexKeys.wishes], [queue, text, by])) === 1;
  }

  return {
    /** All wishes that this version knows, and Redis's time. */
    async list(): Promise<{ readonly now: number; readonly wishes: readonly StoredWish[] }> {
      const wishes = await storedWishes(redis);
      return { now: await redisNow(redis), wishes };
    },
    /** Notes that the wish is still needed. It stays the same wish, so no worker acts on it again. */
    async renew(stored: StoredWish, now: number): Promise<void> {
      await replace(stored, wishText({ ...stored.wish, neededAt: now }));
    },
    /** Returns false if an operator has made another wish meanwhile. */
    remove: async (stored: StoredWish): Promise<boolean> => replace(stored, ''),
  };
}
