/**
 * The worker's face of BullMQ: takes blocks from one queue, one at a time and without blocking, keeps their
 * locks, and puts stalled ones of dead workers back. How many and from which queue is the caller's affair.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { BLOCK_JOB, BLOCK_VERSION, newerVersion, type BlockJob } from '../domain/block.ts';
import { BULLMQ_PREFIX } from './keys.ts';
import { Worker } from './bullmq.ts';

/** A block in this worker's hands until one of the four ends. */
export interface TakenBlock {
  readonly queue: string;
  readonly data: BlockJob;
  /** Unique per run: fences its commit. */
  readonly token: string;
  /** Done, or nothing to do: off the queue. */
  complete(): Promise<void>;
  /** The run failed: the feeder adds the block again. */
  fail(error: Error): Promise<void>;
  /** Not for this version of Forebay: back on the queue, after a while in which others may take what waits. */
  leaveToNewer(): Promise<void>;
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
/** Between two looks of an older worker at what only newer ones can run. */
const LEFT_TO_NEWER_MS = 5_000;
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

  /** The next block job, whatever it holds. */
  async function next(): Promise<{ data: unknown; block: Omit<TakenBlock, 'data'> } | null> {
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
    const block = {
      queue: deps.queue,
      token,
      complete: () => end(() => job.moveToCompleted(null, token, false)),
      fail: (error: Error) => end(() => job.moveToFailed(error, token, false)),
      leaveToNewer: () => end(() => job.moveToDelayed(Date.now() + LEFT_TO_NEWER_MS, token)),
    };
    return { data: job.data, block };
  }

  return {
    queue: deps.queue,
    async take() {
      for (;;) {
        const found = await next();
        if (!found) return null;
        const { data, block } = found;
        const parsed = BLOCK_JOB.safeParse(data);
        if (parsed.success) return { ...block, data: parsed.data };
        // It is delayed now: the next call finds what waits behind it.
        if (newerVersion(data, BLOCK_VERSION) !== null) await block.leaveToNewer();
        else await block.fail(new Error(`not a Forebay block of version ${BLOCK_VERSION}`));
      }
    },
    async close() {
      clearInterval(renewal);
      await worker.close(true);
    },
  };
}
