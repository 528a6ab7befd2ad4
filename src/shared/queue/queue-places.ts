/** The limit of a block queue over all jobs: places, taken fairly, as a set of block ids. */
import type { Redis } from 'ioredis';
import { queueKeys, WAKE_CHANNELS } from './keys.ts';
import { gatherTurns } from './gather-turns.ts';
import type { RunScript } from './scripts.ts';

export type QueuePlaces = ReturnType<typeof createQueuePlaces>;

export function createQueuePlaces(deps: { redis: Redis; run: RunScript }) {
  const { redis, run } = deps;
  /** Places given back in this turn of the event loop, by queue: one call for all of them. */
  const leave = gatherTurns<readonly string[], void>(async (queue, members) => {
    const keys = queueKeys(queue);
    await run(
      'release-places',
      [keys.places, keys.feeders],
      [WAKE_CHANNELS.places, queue, ...members.flat()],
    );
    return members.map(() => undefined);
  });

  return {
    /**
     * Takes places for blocks, in order. Returns how many of them, from the first, have one.
     * `limit`: of the queue, over all jobs; `window`: of this job.
     */
    async take(
      queue: string,
      job: { id: string; priority: number; window: number },
      limit: number,
      blocks: readonly number[],
    ): Promise<number> {
      const keys = queueKeys(queue);
      return (await run(
        'take-places',
        [keys.places, keys.feeders],
        [job.id, job.priority, limit, WISH_MS, job.window, ...blocks],
      )) as number;
    },
    async release(queue: string, job: string, blocks: readonly number[]): Promise<void> {
      if (blocks.length === 0) return;
      await leave(
        queue,
        blocks.map((block) => `${job}/${block}`),
      );
    },
    /** Blocks of a job that hold a place. */
    async held(queue: string, job: string): Promise<number[]> {
      const members = await redis.smembers(queueKeys(queue).places);
      return members.filter((m) => m.startsWith(`${job}/`)).map((m) => Number(m.slice(job.length + 1)));
    },
    async count(queue: string): Promise<number> {
      return redis.scard(queueKeys(queue).places);
    },
    /** Forgets that a job wants places. */
    async withdraw(queue: string, job: string): Promise<void> {
      await redis.hdel(queueKeys(queue).feeders, job);
    },
  };
}

/** A feeder that waits asks again within its 1 s sweep; a wish older than this is a dead feeder's. */
const WISH_MS = 3000;
