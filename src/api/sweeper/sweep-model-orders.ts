/**
 * Removes operators' orders to load or unload a model if no worker has had the model, and no block has waited for it,
 * for a long time.
 */
import { blockQueueName } from '../../shared/queue/keys.ts';
import type { QueueSlots } from '../../shared/queue/blocks/queue-slots.ts';
import type { StoredModelOrders } from '../../shared/queue/workers/stored-model-orders.ts';
import type { WorkerRegistry } from '../../shared/queue/workers/worker-registry.ts';
import type { Chore } from './sweeper.ts';

const DAY_MS = 24 * 3_600_000;
/** A worker that comes back within this time does not load a model that an operator had unloaded. */
const KEEP_MS = 30 * DAY_MS;
/** Maximum number of orders that one step changes. */
const MOST = 200;

export function sweepModelOrders(deps: {
  modelOrders: StoredModelOrders;
  workers: Pick<WorkerRegistry, 'live'>;
  slots: Pick<QueueSlots, 'count'>;
}): Chore {
  const { workers, slots } = deps;

  return async () => {
    const { now, orders } = await deps.modelOrders.list();
    // An order that is needed is renewed once per day.
    const due = orders.filter(({ order: { neededAt } }) => neededAt === null || now - neededAt >= DAY_MS);
    if (due.length === 0) return { model_orders: 0 };
    const models = (await workers.live()).flatMap((worker) => worker.models);
    const announced = new Set(models.map(({ ref }) => blockQueueName(ref)));
    let changed = 0;
    let removed = 0;
    for (const stored of due) {
      if (changed === MOST) break;
      const { queue, order } = stored;
      // An older version noted no time, so the time counts from now.
      const isNeeded = order.neededAt === null || announced.has(queue) || (await slots.count(queue)) > 0;
      if (!isNeeded && now - order.neededAt < KEEP_MS) continue;
      changed += 1;
      if (isNeeded) await deps.modelOrders.renew(stored, now);
      else if (await deps.modelOrders.remove(stored)) removed += 1;
    }
    return { model_orders: removed };
  };
}
