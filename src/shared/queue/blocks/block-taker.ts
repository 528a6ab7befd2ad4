/**
 * BullMQ for a worker: takes blocks from one queue, renews their locks, and puts stalled blocks of dead workers back.
 * The caller decides how many to take.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { BLOCK_JOB, BLOCK_VERSION, newerVersion, type BlockJob } from '../../domain/block.ts';
import { BULLMQ_PREFIX } from '../keys.ts';
import { Worker } from '../bullmq.ts';

/** A block that this worker holds until one of its functions is called. */
export interface TakenBlock {
  readonly queue: string;
  readonly data: BlockJob;
  /** Unique per run. It fences the run's commit. */
  readonly token: string;
  /** When the feeder put it on the queue, epoch ms. */
  readonly queuedAt: number;
  /** Takes the block off the queue, because it is done or needs no work. */
  complete(): Promise<void>;
  /** Takes the block off the queue after a failed run. The feeder adds the block again. */
  fail(error: Error): Promise<void>;
  /** Puts back a block that this version cannot run. It is delayed, so that other waiting blocks can be taken. */
  leaveToNewer(): Promise<void>;
}

export interface BlockTaker {
  readonly queue: string;
  /** The next block, or null if none waits. */
  take(): Promise<TakenBlock | null>;
  close(): Promise<void>;
}

/** A worker that is silent for this long loses its blocks to others. */
export const LOCK_MS = 10_000;
const RENEW_MS = 3_000;
const STALLED_CHECK_MS = 5_000;
/** How long an older worker delays a block that only newer workers can run. */
const LEFT_TO_NEWER_MS = 5_000;
/**
 * The delay varies by so much. Idle workers look for blocks every second. With a constant delay, the older worker would
 * always look first when the block is due, and delay it again.
 */
const LEFT_SPREAD_MS = 1_000;
/** Forebay counts runs itself, because BullMQ's limit fails a block without running it. */
const NEVER = 1_000_000_000;

/** Rejects if Redis refuses what BullMQ needs at its start. */
export async function createBlockTaker(deps: {
  redis: Redis;
  queue: string;
  /** A delayed block is due: one that an older worker has left to newer ones. */
  onDue?: () => void;
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
  try {
    await worker.waitUntilReady();
    await worker.startStalledCheckTimer();
  } catch (error) {
    await worker.close(true).catch(() => {});
    throw error;
  }

  const held = new Map<string, string>();
  const renewal = setInterval(() => {
    if (held.size === 0) return;
    worker.extendJobLocks([...held.keys()], [...held.values()], LOCK_MS).catch(deps.onError);
  }, RENEW_MS);

  let dueTimer: NodeJS.Timeout | undefined;
  /** An older worker that is idle looks every second, so a newer one must look when the block is due. */
  function awaitDelayed(): void {
    clearTimeout(dueTimer);
    // Set by the last look at the queue. BullMQ has no public name for it. 0: no block is delayed.
    const due = worker['blockUntil'];
    if (due > 0 && deps.onDue) dueTimer = setTimeout(deps.onDue, due - Date.now());
  }

  /** The next block job, whatever its data. */
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
        // The lock or the job is gone: another run has it, or the job was withdrawn. Nothing is left to do.
        if (!/Missing (lock|key)|not in the active state|lock mismatch/i.test(String(error))) throw error;
      } finally {
        held.delete(id);
      }
    };
    const block = {
      queue: deps.queue,
      token,
      queuedAt: job.timestamp,
      complete: () => end(() => job.moveToCompleted(null, token, false)),
      fail: (error: Error) => end(() => job.moveToFailed(error, token, false)),
      leaveToNewer: () => {
        const delayMs = LEFT_TO_NEWER_MS + Math.random() * LEFT_SPREAD_MS;
        return end(() => job.moveToDelayed(Date.now() + Math.round(delayMs), token));
      },
    };
    return { data: job.data, block };
  }

  return {
    queue: deps.queue,
    async take() {
      for (;;) {
        const found = await next();
        if (!found) {
          awaitDelayed();
          return null;
        }
        const { data, block } = found;
        const parsed = BLOCK_JOB.safeParse(data);
        if (parsed.success) return { ...block, data: parsed.data };
        // The block is now delayed or off the queue, so the next iteration takes the one after it.
        if (newerVersion(data, BLOCK_VERSION) !== null) await block.leaveToNewer();
        else await block.fail(new Error(`not a Forebay block of version ${BLOCK_VERSION}`));
      }
    },
    async close() {
      clearInterval(renewal);
      clearTimeout(dueTimer);
      await worker.close(true);
    },
  };
}
