/**
 * Operators' orders to load or unload a model, for all workers that have it. Of several orders, the last one counts.
 * Each worker acts once on an order. A worker that starts does not load a model whose last order is `unload`.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { indexKeys, WAKE_CHANNELS } from '../keys.ts';
import { redisNow } from '../redis-now.ts';

export const MODEL_ORDERS = ['load', 'unload'] as const;
export type ModelOrder = (typeof MODEL_ORDERS)[number];

export interface GivenModelOrder {
  readonly order: ModelOrder;
  /** Differs for each order. */
  readonly id: string;
}

export interface DatedModelOrder extends GivenModelOrder {
  /**
   * By Redis's clock, epoch ms: when the order was given, or later, when the sweeper last found a worker or a block of
   * the model. Null: an older version stored the order.
   */
  readonly neededAt: number | null;
}

/** Workers of older versions read only the first two words. */
export function modelOrderText({ order, id, neededAt }: DatedModelOrder): string {
  return `${order} ${id}${neededAt === null ? '' : ` ${Math.round(neededAt)}`}`;
}

/** Null: only a newer version knows such an order. */
export function readModelOrder(text: string): DatedModelOrder | null {
  const [order, id = '', time = ''] = text.split(' ');
  if (order !== 'load' && order !== 'unload') return null;
  return { order, id, neededAt: /^\d+$/.test(time) ? Number(time) : null };
}

/** An order as Redis holds it. */
export interface StoredModelOrder {
  readonly queue: string;
  readonly order: DatedModelOrder;
  readonly text: string;
}

/** All orders that this version knows. */
export async function storedModelOrders(redis: Redis): Promise<readonly StoredModelOrder[]> {
  const texts = Object.entries(await redis.hgetall(indexKeys.modelOrders));
  return texts.flatMap(([queue, text]) => {
    const order = readModelOrder(text);
    return order === null ? [] : [{ queue, order, text }];
  });
}

export type ModelOrders = ReturnType<typeof createModelOrders>;

export function createModelOrders({ redis }: { redis: Redis }) {
  return {
    async give(queue: string, order: ModelOrder): Promise<void> {
      const neededAt = await redisNow(redis);
      await redis
        .multi()
        .hset(indexKeys.modelOrders, queue, modelOrderText({ order, id: randomUUID(), neededAt }))
        .publish(WAKE_CHANNELS.modelOrder, queue)
        .exec();
    },
    /** By queue. */
    async all(): Promise<ReadonlyMap<string, GivenModelOrder>> {
      return new Map((await storedModelOrders(redis)).map(({ queue, order }) => [queue, order]));
    },
  };
}
