/**
 * The worker's face of BullMQ: takes blocks from one queue, one at a time and without blocking, keeps their
 * locks, and puts stalled ones of dead workers back. How many and from which queue is the caller's affair.
 */
import { randomUUID } from 'node:crypto';
import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { BLOCK_JOB, type BlockJob } from '../domain/block.ts';
import { BULLMQ_PREFIX } from './keys.ts';

/** A block in this worker's hands until one of the three ends. */
export interface TakenBlock {
  readonly queue: string;
  readonly data: BlockJob;
  /** Unique per run: fences its commit. */
  readonly token: string;
  /** Done, or nothing to do: off the queue. */
  complete(): Promise<void>;
  /** The run failed: the feeder adds the block again. */
  fail(error: Error): Promise<void>;
}

export interface BlockTaker {
  readonly queue: string;
  /** The next block, or null when none waits. */
  take(): Promise<TakenBlock | null>;
  close(): Promise<void>;
}

/** A worker silent for this long loses its blocks to others. */
export const LOCK_MS = 10_000;
const RENEW_MS = 3_000;
const STALLED_CHECK_MS = 5_000;
/** Forebay counts runs itself; BullMQ's own limit fails a block without running it. */
const NEVER = 1_000_000_000;

export async function createBlockTaker(deps: {
  redis: Redis;
  queue: string;
  onError: (error: Error) => void;
}): Promise<BlockTaker> {
  const worker = new Worker<BlockJob, null>(deps.queue, null, {
    connection: deps.redis,
    prefix: BULLMQ_PREFIX,
    autorun: false,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: NEVER,
  });
  worker.on('error', deps.onError);
  await worker.waitUntilReady();
  await worker.startStalledCheckTimer();

  const held = new Map<string, string>();
  const renewal = setInterval(() => {
    if (held.size === 0) return;
    worker.extendJobLocks([...held.keys()], [...held.values()], LOCK_MS).catch(deps.onError);
  }, RENEW_MS);

  return {
    queue: deps.queue,
    async take() {
      const token = randomUUID();
      const job = await worker.getNextJob(token, { block: false });
      if (!job?.id) return null;
      const id = job.id;
      held.set(id, token);
      const end = async (how: () => Promise<unknown>) => {
        try {
          await how();
        } catch (error) {
          // Lost the lock or the job: another run has it, or the job was withdrawn. Nothing is owed.
          if (!/Missing (lock|key)|not in the active state|lock mismatch/i.test(String(error))) throw error;
        } finally {
          held.delete(id);
        }
      };
      const parsed = BLOCK_JOB.safeParse(job.data);
      if (!parsed.success) {
        await end(() => job.moveToFailed(new Error('not a Forebay block of version 1'), token, false));
        return null;
      }
      return {
        queue: deps.queue,
        data: parsed.data,
        token,
        complete: () => end(() => job.moveToCompleted(null, token, false)),
        fail: (error) => end(() => job.moveToFailed(error, token, false)),
      };
    },
    async close() {
      clearInterval(renewal);
      await worker.close(true);
    },
  };
}
