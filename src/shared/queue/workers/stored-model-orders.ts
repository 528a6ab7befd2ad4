/**
 * Operators' orders to load or unload models, as the sweeper sees them: with the time at which each was last needed.
 */
import type { Redis } from 'ioredis';
import { indexKeys } from '../keys.ts';
import { redisNow } from '../redis-now.ts';
import type { RunScript } from '../scripts.ts';
import { storedModelOrders, modelOrderText, type StoredModelOrder } from './model-orders.ts';

export type StoredModelOrders = ReturnType<typeof createStoredModelOrders>;

export function createStoredModelOrders({ redis, run }: { redis: Redis; run: RunScript }) {
  async function replace({ queue, text }: StoredModelOrder, by: string): Promise<boolean> {
    return (await run('replace-model-order', [indexKeys.modelOrders], [queue, text, by])) === 1;
  }

  return {
    /** All orders that this version knows, and Redis's time. */
    async list(): Promise<{ readonly now: number; readonly orders: readonly StoredModelOrder[] }> {
      const orders = await storedModelOrders(redis);
      return { now: await redisNow(redis), orders };
    },
    /** Notes that the order is still needed. It stays the same order, so no worker acts on it again. */
    async renew(stored: StoredModelOrder, now: number): Promise<void> {
      await replace(stored, modelOrderText({ ...stored.order, neededAt: now }));
    },
    /** Returns false if an operator has given another order meanwhile. */
    remove: async (stored: StoredModelOrder): Promise<boolean> => replace(stored, ''),
  };
}
