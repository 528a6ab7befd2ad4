/**
 * Sweeps queues. Frees slots of dead jobs, because other jobs need them. Removes blocks of dead jobs, which nobody would
 * take, and failed runs beyond those that are kept.
 */
import type { BlockQueues } from '../../shared/queue/blocks/block-queue.ts';
import type { Leftovers } from '../../shared/queue/jobs/leftovers.ts';
import type { QueueSlots } from '../../shared/queue/blocks/queue-slots.ts';
import type { Chore } from './sweeper.ts';

/**
 * Maximum number of blocks and of failed runs that one step removes from one queue. It may release nearly twice as many
 * slots, because it goes on to the next job until it has released this many.
 */
const MOST = 200;

export function sweepQueues(deps: {
  leftovers: Pick<Leftovers, 'presences' | 'queues' | 'slots'>;
  queues: Pick<BlockQueues, 'discard' | 'idle' | 'trimFailed'>;
  slots: Pick<QueueSlots, 'release'>;
}): Chore {
  const { leftovers, queues, slots } = deps;
  let cursor = '0';

  async function releaseSlots(queue: string): Promise<number> {
    const held = await leftovers.slots(queue);
    let released = 0;
    for (const [job, { over }] of await leftovers.presences(held.keys())) {
      if (!over || released >= MOST) continue;
      const blocks = held.get(job)!.slice(0, MOST);
      await slots.release(queue, job, blocks);
      released += blocks.length;
    }
    return released;
  }

  async function discardBlocks(queue: string): Promise<number> {
    const idle = await queues.idle(queue, MOST);
    const presences = await leftovers.presences(idle.map(({ job }) => job));
    const dead = idle.filter(({ job }) => presences.get(job)!.over);
    return queues.discard(
      queue,
      dead.map(({ id }) => id),
    );
  }

  return async (failed) => {
    const page = await leftovers.queues(cursor);
    cursor = page.cursor;
    const sums = { slots: 0, blocks: 0, failed_runs: 0 };
    for (const queue of page.queues) {
      try {
        sums.blocks += await discardBlocks(queue);
        sums.slots += await releaseSlots(queue);
        sums.failed_runs += await queues.trimFailed(queue, MOST);
      } catch (error) {
        failed(error);
      }
    }
    return sums;
  };
}
