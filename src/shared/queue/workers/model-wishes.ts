/**
 * What operators ask of the workers that have a model: to load it, or to unload it. Of several wishes, the last one counts.
 * Each worker acts once on a wish. A worker that starts does not load a model whose last wish is `unload`.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { indexKeys, WAKE_CHANNELS } from '../keys.ts';
import { redisNow } from '../redis-now.ts';

export const WISHES = ['load', 'unload'] as const;
export type Wish = (typeof WISHES)[number];

export interface ModelWish {
  readonly wish: Wish;
  /** Differs for each wish. */
  readonly id: string;
}

export interface DatedWish extends ModelWish {
  /**
   * By Redis's clock, epoch ms: when the wish was made, or later, when the sweeper last found a worker or a block of the
   * model. Null: an older version made the wish.
   */
  readonly neededAt: number | null;
}

/** Workers of older versions read only the first two words. */
export function wishText({ wish, id, neededAt }: DatedWish): string {
  return `${wish} ${id}${neededAt === null ? '' : ` ${Math.round(neededAt)}`}`;
}

/** Null: only a newer version knows such a wish. */
export function readWish(text: string): DatedWish | null {
  const [wish, id = '', time = ''] = text.split(' ');
  if (wish !== 'load' && wish !== 'unload') return null;
  return { wish, id, neededAt: /^\d+$/.test(time) ? Number(time) : null };
}

/** A wish as Redis holds it. */
export interface StoredWish {
  readonly queue: string;
  readonly wish: DatedWish;
  readonly text: string;
}

/** All wishes that this version knows. */
export async function storedWishes(redis: Redis): Promise<readonly StoredWish[]> {
  const texts = Object.entries(await redis.hgetall(indexKeys.wishes));
  return texts.flatMap(([queue, text]) => {
    const wish = readWish(text);
    return wish === null ? [] : [{ queue, wish, text }];
  });
}

export type ModelWishes = ReturnType<typeof createModelWishes>;

export function createModelWishes({ redis }: { redis: Redis }) {
  return {
    async make(queue: string, wish: Wish): Promise<void> {
      const neededAt = await redisNow(redis);
      await redis
        .multi()
        .hset(indexKeys.wishes, queue, wishText({ wish, id: randomUUID(), neededAt }))
        .publish(WAKE_CHANNELS.wish, queue)
        .exec();
    },
    /** By queue. */
    async all(): Promise<ReadonlyMap<string, ModelWish>> {
      return new Map((await storedWishes(redis)).map(({ queue, wish }) => [queue, wish]));
    },
  };
}
