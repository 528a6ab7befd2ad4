/**
 * Queues: places that dead jobs hold (they would be missing to others), blocks of theirs that nobody will take, failed
 * runs beyond those that are kept.
 */
import type { BlockQueues } from '../../shared/queue/block-queue.ts';
import type { Leftovers } from '../../shared/queue/leftovers.ts';
import type { QueuePlaces } from '../../shared/queue/queue-places.ts';
import type { Chore } from './sweeper.ts';

/** Of one queue in one step. */
const MOST = 200;

export function sweepQueues(deps: { leftovers: Leftovers; queues: BlockQueues; places: QueuePlaces }): Chore {
  const { leftovers, queues, places } = deps;
  let cursor = '0';

  async function releasePlaces(queue: string): Promise<number> {
    const held = await leftovers.places(queue);
    let released = 0;
    for (const [job, { over }] of await leftovers.standings(held.keys())) {
      if (!over || released >= MOST) continue;
      const blocks = held.get(job)!.slice(0, MOST);
      await places.release(queue, job, blocks);
      released += blocks.length;
    }
    return released;
  }

  async function discardBlocks(queue: string): Promise<number> {
    const idle = await queues.idle(queue, MOST);
    const standings = await leftovers.standings(idle.map(({ job }) => job));
    const dead = idle.filter(({ job }) => standings.get(job)!.over);
    return queues.discard(
      queue,
      dead.map(({ id }) => id),
    );
  }

  return async () => {
    const page = await leftovers.queues(cursor);
    cursor = page.cursor;
    const sums = { places: 0, blocks: 0, failed_runs: 0 };
    for (const queue of page.queues) {
      sums.blocks += await discardBlocks(queue);
      sums.places += await releasePlaces(queue);
      sums.failed_runs += await queues.trimFailed(queue, MOST);
    }
    return sums;
  };
}
