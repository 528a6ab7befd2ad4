/**
 * Sweeps wishes: what operators asked of the workers of a model. Removes those of models that nobody has had for a long
 * time.
 */
import { blockQueueName } from '../../shared/queue/keys.ts';
import type { QueueSlots } from '../../shared/queue/blocks/queue-slots.ts';
import type { StoredWishes } from '../../shared/queue/workers/stored-wishes.ts';
import type { WorkerRegistry } from '../../shared/queue/workers/worker-registry.ts';
import type { Chore } from './sweeper.ts';

const DAY_MS = 24 * 3_600_000;
/** A worker that comes back within this time does not load a model that an operator had unloaded. */
const KEEP_MS = 30 * DAY_MS;
/** Maximum number of wishes that one step changes. */
const MOST = 200;

export function sweepWishes(deps: {
  wishes: StoredWishes;
  workers: Pick<WorkerRegistry, 'live'>;
  slots: Pick<QueueSlots, 'count'>;
}): Chore {
  const { workers, slots } = deps;

  return async () => {
    const { now, wishes } = await deps.wishes.list();
    // A wish that is needed is renewed once per day.
    const due = wishes.filter(({ wish: { neededAt } }) => neededAt === null || now - neededAt >= DAY_MS);
    if (due.length === 0) return { wishes: 0 };
    const models = (await workers.live()).flatMap((worker) => worker.models);
    const announced = new Set(models.map(({ ref }) => blockQueueName(ref)));
    let changed = 0;
    let removed = 0;
    for (const stored of due) {
      if (changed === MOST) break;
      const { queue, wish } = stored;
      // An older version noted no time, so the time counts from now.
      const isNeeded = wish.neededAt === null || announced.has(queue) || (await slots.count(queue)) > 0;
      if (!isNeeded && now - wish.neededAt < KEEP_MS) continue;
      changed += 1;
      if (isNeeded) await deps.wishes.renew(stored, now);
      else if (await deps.wishes.remove(stored)) removed += 1;
    }
    return { wishes: removed };
  };
}
