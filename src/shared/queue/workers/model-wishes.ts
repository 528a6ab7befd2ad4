/**
 * What operators ask of the workers that have a model: to load it, or to unload it. Of several wishes, the last one counts.
 * Each worker acts once on a wish. A worker that starts does not load a model whose last wish is `unload`.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { indexKeys, WAKE_CHANNELS } from '../keys.ts';

export const WISHES = ['load', 'unload'] as const;
export type Wish = (typeof WISHES)[number];

export interface ModelWish {
  readonly wish: Wish;
  /** Differs for each wish. */
  readonly id: string;
}

export type ModelWishes = ReturnType<typeof createModelWishes>;

export function createModelWishes({ redis }: { redis: Redis }) {
  return {
    async make(queue: string, wish: Wish): Promise<void> {
      await redis
        .multi()
        .hset(indexKeys.wishes, queue, `${wish} ${randomUUID()}`)
        .publish(WAKE_CHANNELS.wish, queue)
        .exec();
    },
    /** By queue. */
    async all(): Promise<ReadonlyMap<string, ModelWish>> {
      const found = new Map<string, ModelWish>();
      for (const [queue, text] of Object.entries(await redis.hgetall(indexKeys.wishes))) {
        const [wish, id = ''] = text.split(' ');
        // A newer version may have other wishes.
        if (wish === 'load' || wish === 'unload') found.set(queue, { wish, id });
      }
      return found;
    },
  };
}
