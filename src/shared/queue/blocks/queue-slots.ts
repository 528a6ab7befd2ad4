/** Slots: the limit of a block queue over all jobs, shared fairly. Redis holds them as a set of block ids. */
import type { Redis } from 'ioredis';
import { queueKeys, WAKE_CHANNELS } from '../keys.ts';
import { batchPerTurn } from '../batch-per-turn.ts';
import type { RunScript } from '../scripts.ts';

/** A job that asks for slots. */
export interface SlotUser {
  readonly id: string;
  readonly tenant: string;
  readonly priority: number;
  /** Maximum slots of the job. */
  readonly window: number;
  readonly rowsPerBlock: number;
  /** Whether the job has more rows than its window holds. */
  readonly isFull: boolean;
}

export interface SlotLimits {
  /**
   * Maximum slots of the queue, over all jobs. One job gets at most half of them. A job that holds fewer than two may
   * take slots above the limit.
   */
  readonly queue: number;
  /** While fewer slots than this are in use, lanes may run out of blocks, so jobs do not wait for their share. */
  readonly feed: number;
}

/**
 * `share`: other jobs that want slots have had less. `limit`: the queue is full. `priority`: a job with a better one
 * goes first. `window`: the job holds as many slots as it may.
 */
export type SlotWait = 'share' | 'limit' | 'priority' | 'window';

export interface SlotGrant {
  /** How many of the blocks have a slot, counted from the first. */
  readonly granted: number;
  /** Why the next block has none. Null if all have one. */
  readonly waitsFor: SlotWait | null;
  /** Whether a job with a worse priority holds slots. */
  readonly outranks: boolean;
  /**
   * For each granted block, the share of the waiting blocks that it should go ahead of, from 0 to 1. Above 0: rivals of
   * its job have been served more.
   */
  readonly ahead: readonly number[];
}

export type QueueSlots = ReturnType<typeof createQueueSlots>;

/**
 * `requestMs`: a job wants more slots until this long after it last asked. `patienceMs`: a job without any slot gets one
 * after this time, even if the job that it waits for makes no progress.
 */
export function createQueueSlots(deps: {
  redis: Redis;
  run: RunScript;
  requestMs?: number;
  patienceMs?: number;
}) {
  const { redis, run, requestMs = REQUEST_MS, patienceMs = PATIENCE_MS } = deps;
  /** Frees slots with one call per queue for all releases in one turn of the event loop. */
  const leave = batchPerTurn<readonly string[], void>(async (queue, members) => {
    await run('release-slots', keysOf(queue), [
      WAKE_CHANNELS.slots,
      queue,
      WAKE_CHANNELS.turn,
      FEW_JOBS,
      ...members.flat(),
    ]);
    return members.map(() => undefined);
  });

  return {
    /** Takes slots for blocks, in order. Without blocks, it only renews the job's request. */
    async take(
      queue: string,
      job: SlotUser,
      limits: SlotLimits,
      blocks: readonly number[],
    ): Promise<SlotGrant> {
      const { id, tenant, priority, window, rowsPerBlock, isFull } = job;
      const [granted, waitsFor, outranks, thousandths] = (await run('take-slots', keysOf(queue), [
        id,
        tenant,
        priority,
        limits.queue,
        requestMs,
        window,
        limits.feed,
        rowsPerBlock,
        isFull ? '1' : '',
        patienceMs,
        ...blocks,
      ])) as [number, SlotWait | '', number, number[]];
      return {
        granted,
        waitsFor: waitsFor === '' ? null : waitsFor,
        outranks: outranks === 1,
        ahead: thousandths.map((n) => n / 1000),
      };
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
      const { feeders, shares } = queueKeys(queue);
      await Promise.all([redis.hdel(feeders, job), redis.hdel(shares, job)]);
    },
  };
}

/** A waiting feeder asks again within its 1 s sweep, so an older request belongs to a dead feeder. */
const REQUEST_MS = 3000;
const PATIENCE_MS = 2000;
/** Up to this many waiting jobs are all woken by a free slot. With more, only those that come next. */
const FEW_JOBS = 4;

function keysOf(queue: string): readonly string[] {
  const { slots, feeders, shares, turns, tallies } = queueKeys(queue);
  return [slots, feeders, shares, turns, tallies];
}
