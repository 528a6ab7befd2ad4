/**
 * Moves the blocks of one job between its window and its queue, for the job's feeder. It owns the job's slots and
 * knows nothing of datasets.
 */
import { rowCount, type BlockContent } from '../../shared/domain/block.ts';
import type { JobSpec } from '../../shared/domain/job/job.ts';
import type { BlockQueues, QueuedBlock } from '../../shared/queue/blocks/block-queue.ts';
import type { JobWindow } from '../../shared/queue/blocks/job-window.ts';
import type { QueueSlots, SlotLimits, SlotWait } from '../../shared/queue/blocks/queue-slots.ts';
import { createBlockStates, type BlockAttempts, type Extent } from './block-states.ts';

export interface JobBlocks {
  /**
   * Puts waiting blocks on the queue as far as slots allow. Returns what the others wait for, or null if none waits.
   * `window`: maximum slots of the job. `isFull`: the job has more rows than its window holds.
   */
  add(limits: SlotLimits & { readonly window: number; readonly isFull: boolean }): Promise<SlotWait | null>;
  /** Takes blocks off the queue and returns their slots. Blocks that workers hold stay. */
  withdraw(): Promise<void>;
  /** Looks for blocks that left the queue without a commit. They wait for a slot again. */
  repair(): Promise<void>;
  /** Removes blocks from the window. `idle` ones are neither on the queue nor held by a worker. */
  drop(which: 'idle' | 'all'): Promise<void>;
  /** Reads the window again. */
  refresh(): Promise<void>;
  /** Records blocks that have just been put into the window. */
  reserved(blocks: readonly { readonly block: number; readonly rows: BlockContent }[]): void;
  /** Records a block that has just been committed. */
  committed(block: number): void;
  /** Blocks in the window, as far as this feeder knows. */
  readonly inWindow: number;
  /** Of those, the blocks that are believed to be on the queue or held by a worker. */
  readonly onQueue: number;
  /** The block of the window with the most runs, at the last check. Null before any run. */
  readonly worst: BlockAttempts | null;
  /** A block of the window that has run without success, at the last check. Null: there is none. */
  readonly retried: number | null;
}

/**
 * A request for slots expires after 3 s. A job that has more rows than its full window renews the request this often.
 */
const GOES_ON_MS = 900;
/**
 * A job makes no progress if its window stays full for this long, and for PACES times as long as before its last
 * refill. Its storage may be slow, for example. It then asks for no more than it has, so that it does not hold back
 * other jobs that were served more.
 */
const STUCK_MS = 5_000;
const PACES = 3;
const MOST_PACE_MS = 60_000;

export function createJobBlocks(deps: {
  spec: Pick<JobSpec, 'id' | 'options' | 'tenant'>;
  queue: string;
  lease: string;
  window: Pick<JobWindow, 'blocks' | 'drop' | 'entries' | 'nextGeneration'>;
  queues: Pick<BlockQueues, 'add' | 'present' | 'remove'>;
  slots: Pick<QueueSlots, 'held' | 'release' | 'take' | 'withdraw'>;
  /** Monotonic, ms. */
  now?: () => number;
}): JobBlocks {
  const { spec, queue, lease, window, queues, slots } = deps;
  const { id } = spec;
  const { priority, block_rows: rowsPerBlock } = spec.options;
  const now = deps.now ?? (() => performance.now());
  /** When the job last asked for slots or renewed its request (ms, monotonic). */
  let askedAt = -Infinity;
  /** When blocks were last put on the queue (ms, monotonic), and the time between the last two refills. */
  let refilledAt = now();
  let paceMs = 0;
  const states = createBlockStates(deps.now);

  function isStuck(): boolean {
    return now() - refilledAt > Math.max(STUCK_MS, PACES * paceMs);
  }

  async function refresh(): Promise<void> {
    states.sync(await window.blocks(id));
  }

  /** Extents and attempts of blocks that are about to be added. Blocks that have left the window are absent. */
  async function extents(blocks: readonly number[]): Promise<Map<number, Extent & { attempts: number }>> {
    const found = new Map<number, Extent & { attempts: number }>();
    for (const block of blocks) {
      const extent = states.freshExtent(block);
      if (extent) found.set(block, { ...extent, attempts: 0 });
    }
    const others = blocks.filter((block) => !found.has(block));
    for (const [block, entry] of await window.entries(id, others)) {
      found.set(block, { ...extentOf(entry.rows()), attempts: entry.attempts });
    }
    return found;
  }

  /** Reads how often each block was run. Finds blocks that an earlier feeder put on the queue. */
  async function learn(): Promise<void> {
    for (const [block, entry] of await window.entries(id, states.blocks())) states.learn(block, entry);
  }

  async function findLost(): Promise<void> {
    const queued = states.queuedGenerations();
    if (queued.size === 0) return;
    const present = await queues.present(queue, id, queued);
    // The window is read after the queue. So a block that is committed in between does not look lost.
    await refresh();
    for (const block of queued.keys()) {
      if (!present.has(block) && states.isQueued(block)) states.lost(block);
    }
  }

  async function releaseUnused(): Promise<void> {
    const held = await slots.held(queue, id);
    await slots.release(
      queue,
      id,
      held.filter((block) => !states.isQueued(block)),
    );
  }

  return {
    refresh,
    reserved(blocks) {
      for (const { block, rows } of blocks) states.reserved(block, extentOf(rows));
    },
    committed: (block) => states.gone(block),
    get inWindow() {
      return states.size;
    },
    get onQueue() {
      return states.queuedGenerations().size;
    },
    get worst() {
      return states.worst();
    },
    get retried() {
      return states.retried();
    },

    async add({ window: most, isFull, ...limits }) {
      const waiting = states.due();
      const wantsMore = isFull && !isStuck();
      if (waiting.length === 0 && !(wantsMore && now() - askedAt > GOES_ON_MS)) return null;
      askedAt = now();
      const user = { id, tenant: spec.tenant, priority, window: most, rowsPerBlock, isFull: wantsMore };
      const { granted, waitsFor, outranks, ahead } = await slots.take(queue, user, limits, waiting);
      const aheadOf = new Map(ahead.map((part, i) => [waiting[i]!, part]));
      const blocks = waiting.slice(0, granted);
      if (blocks.length === 0) return waitsFor;
      paceMs = Math.min(MOST_PACE_MS, now() - refilledAt);
      refilledAt = now();
      const generations = await window.nextGeneration(id, lease, blocks);
      const gone = blocks.filter((block) => !generations.has(block));
      for (const block of gone) states.gone(block);
      await slots.release(queue, id, gone);
      const additions: QueuedBlock[] = [];
      for (const [block, { firstRow, rows, attempts }] of await extents([...generations.keys()])) {
        const generation = generations.get(block)!;
        additions.push({ block, generation, firstRow, rows, ahead: aheadOf.get(block) ?? 0 });
        states.queued(block, generation, attempts);
      }
      await queues.add(queue, id, priority, additions, outranks);
      return waitsFor;
    },

    async withdraw() {
      await slots.withdraw(queue, id);
      const removed = await queues.remove(queue, id, states.queuedGenerations());
      for (const block of removed) states.withdrawn(block);
      await findLost();
      await releaseUnused();
    },

    async repair() {
      await refresh();
      await learn();
      await findLost();
      await releaseUnused();
    },

    async drop(which) {
      await refresh();
      const blocks = states.blocks().filter((block) => which === 'all' || !states.isQueued(block));
      if (blocks.length > 0) await window.drop(id, lease, blocks);
      await refresh();
      await releaseUnused();
    },
  };
}

function extentOf(content: BlockContent): Extent {
  // A task has no rows, but a queued block needs at least one.
  return { firstRow: content.firstRow, rows: Math.max(1, rowCount(content)) };
}
