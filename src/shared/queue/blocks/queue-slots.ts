/** Slots: the limit of a block queue over all jobs, shared fairly. Redis holds them as a set of block ids. */
import type { Redis } from 'ioredis';
import { queueKeys, WAKE_CHANNELS } from '../keys.ts';
import { batchPerTurn } from '../batch-per-turn.ts';
import type { RunScript } from '../scripts.ts';

export type QueueSlots = ReturnType<typeof createQueueSlots>;

export function createQueueSlots(deps: { redis: Redis; run: RunScript }) {
  const { redis, run } = deps;
  /** Frees slots with one call per queue for all releases in one turn of the event loop. */
  const leave = batchPerTurn<readonly string[], void>(async (queue, members) => {
    const keys = queueKeys(queue);
    await run('release-slots', [keys.slots, keys.feeders], [WAKE_CHANNELS.slots, queue, ...members.flat()]);
    return members.map(() => undefined);
  });

  return {
    /**
     * Takes slots for blocks, in order. Returns how many of the blocks have one, counted from the first. `limit`:
     * maximum slots of the queue, over all jobs. One job gets at most half of them, but may hold two even above the
     * limit. `window`: maximum slots of this job.
     */
    async take(
      queue: string,
      job: { id: string; priority: number; window: number },
      limit: number,
      blocks: readonly number[],
    ): Promise<number> {
      const keys = queueKeys(queue);
      return (await run(
        'take-slots',
        [keys.slots, keys.feeders],
        [job.id, job.priority, limit, REQUEST_MS, job.window, ...blocks],
      )) as number;
    },
    async release(queue: string, job: string, blocks: readonly number[]): Promise<void> {
      if (blocks.length === 0) return;
      await leave(
        queue,
        blocks.map((block) => `${job}/${block}`),
      );
    },
    /** The blocks of a job that hold a slot. */
    async held(queue: string, job: string): Promise<number[]> {
      const members = await redis.smembers(queueKeys(queue).slots);
      return members.filter((m) => m.startsWith(`${job}/`)).map((m) => Number(m.slice(job.length + 1)));
    },
    async count(queue: string): Promise<number> {
      return redis.scard(queueKeys(queue).slots);
    },
    /** Forgets that a job wants slots. */
    async withdraw(queue: string, job: string): Promise<void> {
      await redis.hdel(queueKeys(queue).feeders, job);
    },
  };
}

/** A waiting feeder asks again within its 1 s sweep, so an older request belongs to a dead feeder. */
const REQUEST_MS = 3000;
