/**
 * BullMQ for the feeder: puts blocks on queues, checks on them and takes them back. Workers take blocks with
 * block-taker.ts. Nothing else uses BullMQ.
 */
import type { Queue as BlockQueue } from 'bullmq';
import type { Redis } from 'ioredis';
import { BLOCK_VERSION, blockJobId, type BlockJob } from '../../domain/block.ts';
import { BULLMQ_PREFIX, WAKE_CHANNELS } from '../keys.ts';
import { Queue } from '../bullmq.ts';
import type { RunScript } from '../scripts.ts';

export interface QueuedBlock {
  readonly block: number;
  readonly generation: number;
  readonly firstRow: number;
  readonly rows: number;
  /** The share of the waiting blocks of its priority that it goes ahead of, from 0 to 1. 0: it goes behind all. */
  readonly ahead?: number;
}

export interface QueueDepth {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
}

export type BlockQueues = ReturnType<typeof createBlockQueues>;

/** Failed block jobs that are kept for operators. Their ids are never used again. */
const KEEP_FAILED = 100;
/** BullMQ's own events, four per block, which nobody reads. Its default of 10,000 takes 1 MB per queue. */
const KEEP_EVENTS = 100;
/** How many moved blocks `oldest` expects ahead of the oldest block of a priority. There are rarely more. */
const MOVED_AHEAD = 8;

export function createBlockQueues(deps: { redis: Redis; run: RunScript; onError: (error: Error) => void }) {
  const { redis, run } = deps;
  const queues = new Map<string, BlockQueue<BlockJob>>();

  function open(name: string): BlockQueue<BlockJob> {
    let queue = queues.get(name);
    if (!queue) {
      const streams = { events: { maxLen: KEEP_EVENTS } };
      queue = new Queue<BlockJob>(name, { connection: redis, prefix: BULLMQ_PREFIX, streams });
      queue.on('error', deps.onError);
      queues.set(name, queue);
    }
    return queue;
  }

  async function depth(queue: string): Promise<QueueDepth> {
    const counts = await open(queue).getJobCounts('wait', 'prioritized', 'active', 'delayed', 'failed');
    return {
      waiting: (counts['wait'] ?? 0) + (counts['prioritized'] ?? 0),
      active: counts['active'] ?? 0,
      delayed: counts['delayed'] ?? 0,
      failed: counts['failed'] ?? 0,
    };
  }

  async function moveForward(
    queue: string,
    job: string,
    priority: number,
    blocks: readonly QueuedBlock[],
  ): Promise<void> {
    const places = blocks.flatMap(({ block, generation, ahead = 0 }) =>
      ahead > 0 ? [blockJobId(job, block, generation), Math.floor(1000 * ahead)] : [],
    );
    if (places.length === 0) return;
    await run('place-blocks', [open(queue).toKey('prioritized')], [priority, ...places]);
  }

  return {
    /** `isUrgent`: blocks on the queue have a worse priority. */
    async add(
      queue: string,
      job: string,
      priority: number,
      blocks: readonly QueuedBlock[],
      isUrgent = false,
    ): Promise<void> {
      if (blocks.length === 0) return;
      await open(queue).addBulk(
        blocks.map(({ block, generation, firstRow, rows }) => ({
          name: 'block',
          data: { v: BLOCK_VERSION, job, block, generation, first_row: firstRow, rows },
          opts: {
            jobId: blockJobId(job, block, generation),
            priority,
            attempts: 1,
            removeOnComplete: true,
            removeOnFail: { count: KEEP_FAILED },
          },
        })),
      );
      await moveForward(queue, job, priority, blocks);
      await redis.publish(WAKE_CHANNELS.queue, queue);
      if (isUrgent) await redis.publish(WAKE_CHANNELS.urgent, queue);
    },

    /** The best priority of the blocks that wait. Null: none waits. */
    async bestPriority(queue: string): Promise<number | null> {
      const [first] = await open(queue).getPrioritized(0, 0);
      return first?.opts.priority ?? null;
    },

    /** The blocks that BullMQ still has, waiting or active. The others must be added again. */
    async present(queue: string, job: string, blocks: ReadonlyMap<number, number>): Promise<Set<number>> {
      const found = new Set<number>();
      const states = await Promise.all(
        [...blocks].map(async ([block, generation]) => ({
          block,
          state: await open(queue).getJobState(blockJobId(job, block, generation)),
        })),
      );
      for (const { block, state } of states) {
        if (state !== 'unknown' && state !== 'failed' && state !== 'completed') found.add(block);
      }
      return found;
    },

    /** Takes waiting blocks off the queue and returns them. A block that a worker holds stays. */
    async remove(queue: string, job: string, blocks: ReadonlyMap<number, number>): Promise<number[]> {
      const taken = await Promise.all(
        [...blocks].map(async ([block, generation]) =>
          (await open(queue).remove(blockJobId(job, block, generation))) === 1 ? block : null,
        ),
      );
      return taken.filter((block) => block !== null);
    },

    /** Removes the oldest failed block jobs beyond KEEP_FAILED, up to `most`. Returns how many. */
    async trimFailed(queue: string, most: number): Promise<number> {
      const excess = (await open(queue).getFailedCount()) - KEEP_FAILED;
      if (excess <= 0) return 0;
      return (await open(queue).clean(0, Math.min(excess, most), 'failed')).length;
    },

    /**
     * Block jobs that no worker holds, up to `most` in each of BullMQ's states: BullMQ's id, and the job that each
     * belongs to.
     */
    async idle(queue: string, most: number): Promise<{ id: string; job: string }[]> {
      const found = await open(queue).getJobs(['prioritized', 'wait', 'delayed'], 0, most - 1, true);
      return found.flatMap((job) =>
        job?.id !== undefined && typeof job.data?.job === 'string' ? [{ id: job.id, job: job.data.job }] : [],
      );
    },

    /** Takes block jobs off the queue by BullMQ's ids. A job that a worker has taken meanwhile stays. */
    async discard(queue: string, ids: readonly string[]): Promise<number> {
      const removed = await Promise.all(ids.map(async (id) => open(queue).remove(id)));
      return removed.filter((n) => n === 1).length;
    },

    /** Whether any block waits, or is held by a worker that may have died. */
    async holdsAny(queue: string): Promise<boolean> {
      const { waiting, active, delayed } = await depth(queue);
      return waiting + active + delayed > 0;
    },

    depth,

    /** BullMQ's own object, for a viewer that only reads. */
    bullQueue: open,

    /**
     * When the block that has waited longest was added, in ms since the epoch. Null: none waits. Within a priority,
     * blocks are in the order of adding, except for those that were moved forward. So the oldest block is among the
     * first ones of a priority. `priorities`: those that blocks may have.
     */
    async oldest(name: string, priorities: readonly number[]): Promise<number | null> {
      if (priorities.length === 0) return null;
      const queue = open(name);
      const sorted = priorities.toSorted((a, b) => a - b);
      const counts = await queue.getCountsPerPriority([...sorted]);
      const firsts: number[] = [];
      let at = 0;
      for (const priority of sorted) {
        const count = counts[String(priority)] ?? 0;
        if (count > 0) firsts.push(at);
        at += count;
      }
      const heads = await Promise.all(
        firsts.map(async (first) => queue.getPrioritized(first, first + MOVED_AHEAD)),
      );
      const times = heads.flat().flatMap((job) => (job === undefined ? [] : [job.timestamp]));
      return times.length === 0 ? null : Math.min(...times);
    },

    async close(): Promise<void> {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      queues.clear();
    },
  };
}
