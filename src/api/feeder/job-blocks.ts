/**
 * The blocks of one job between window and queue, as its feeder sees them: which are on the queue, which
 * wait for a slot, which were lost and go on again. Owns slots; knows nothing of datasets.
 */
import type { BlockRows } from '../../shared/domain/block.ts';
import type { JobSpec } from '../../shared/domain/job.ts';
import type { BlockQueues, QueuedBlock } from '../../shared/queue/block-queue.ts';
import type { JobWindow } from '../../shared/queue/job-window.ts';
import type { QueueSlots } from '../../shared/queue/queue-slots.ts';

export interface JobBlocks {
  /** Puts waiting blocks on the queue as far as slots go. Returns how many still wait. */
  add(limits: { readonly queue: number; readonly window: number }): Promise<number>;
  /** Takes blocks off the queue again and returns their slots; blocks in workers' hands stay. */
  withdraw(): Promise<void>;
  /** Looks for blocks that left the queue without a commit; they wait for a slot again. */
  repair(): Promise<void>;
  /** Takes all blocks that no worker has in hand out of the window. `all`: also those. */
  drop(all: boolean): Promise<void>;
  /** Reads the window anew. */
  refresh(): Promise<void>;
  /** Blocks that have just been put into the window, or (adopted) taken out of it. */
  reserved(blocks: readonly { readonly block: number; readonly rows: BlockRows }[]): void;
  committed(block: number): void;
  /** Blocks in the window, as of the last look. */
  readonly inWindow: number;
  /** Of them those believed on the queue or in a worker's hands. */
  readonly onQueue: number;
  /** The block of the window with most runs begun, as of the last look; null before any run. */
  readonly worst: { readonly block: number; readonly attempts: number } | null;
}

export function createJobBlocks(deps: {
  spec: JobSpec;
  queue: string;
  lease: string;
  window: JobWindow;
  queues: BlockQueues;
  slots: QueueSlots;
}): JobBlocks {
  const { spec, queue, lease, window, queues, slots } = deps;
  const { id } = spec;
  /** Blocks in the window. */
  let inWindow = new Set<number>();
  /** Blocks believed on the queue or in a worker's hands, with their generation. */
  const onQueue = new Map<number, number>();
  /** Runs begun of blocks in the window, as of the last look. */
  const attempts = new Map<number, number>();
  /**
   * When a block that came off the queue without a commit may go on it again, ms, monotonic. It waits here and not as a
   * delayed job of BullMQ, whose due time is by two machines' wall clocks.
   */
  const dueAt = new Map<number, number>();
  /** Extent of the blocks that were reserved here and never added: nobody has begun a run of them. */
  const fresh = new Map<number, Extent>();

  async function refresh(): Promise<void> {
    inWindow = new Set(await window.blocks(id));
    for (const known of [onQueue, attempts, dueAt, fresh]) {
      for (const block of known.keys()) if (!inWindow.has(block)) known.delete(block);
    }
  }

  /** What there is to know of blocks that are about to be added; those that have left the window are absent. */
  async function extents(blocks: readonly number[]): Promise<Map<number, Extent & { attempts: number }>> {
    const found = new Map<number, Extent & { attempts: number }>();
    for (const block of blocks) {
      const extent = fresh.get(block);
      if (extent) found.set(block, { ...extent, attempts: 0 });
    }
    const others = blocks.filter((block) => !fresh.has(block));
    for (const [block, entry] of await window.entries(id, others)) {
      found.set(block, { ...extentOf(entry.rows()), attempts: entry.attempts });
    }
    return found;
  }

  /** Forgets blocks that the queue no longer has although they are not committed. */
  async function forgetLost(): Promise<void> {
    if (onQueue.size === 0) return;
    const present = await queues.present(queue, id, onQueue);
    // The window is read after the queue: a block committed in between is then not taken for lost.
    await refresh();
    for (const block of onQueue.keys()) {
      if (present.has(block)) continue;
      onQueue.delete(block);
      dueAt.set(block, performance.now() + retryDelayMs(attempts.get(block) ?? 0));
    }
  }

  async function releaseUnused(): Promise<void> {
    const held = await slots.held(queue, id);
    await slots.release(
      queue,
      id,
      held.filter((block) => !onQueue.has(block)),
    );
  }

  return {
    refresh,
    reserved(blocks) {
      for (const { block, rows } of blocks) {
        inWindow.add(block);
        fresh.set(block, extentOf(rows));
      }
    },
    committed(block) {
      inWindow.delete(block);
      fresh.delete(block);
    },
    get inWindow() {
      return inWindow.size;
    },
    get onQueue() {
      return onQueue.size;
    },
    get worst() {
      let worst: { block: number; attempts: number } | null = null;
      for (const [block, runs] of attempts) {
        if (runs > (worst?.attempts ?? 0)) worst = { block, attempts: runs };
      }
      return worst;
    },

    async add(limits) {
      const now = performance.now();
      const waiting = [...inWindow]
        .filter((block) => !onQueue.has(block) && (dueAt.get(block) ?? 0) <= now)
        .sort((a, b) => a - b);
      if (waiting.length === 0) return 0;
      const request = { id, priority: spec.options.priority, window: limits.window };
      const granted = await slots.take(queue, request, limits.queue, waiting);
      const blocks = waiting.slice(0, granted);
      if (blocks.length === 0) return waiting.length;
      const generations = await window.nextGeneration(id, lease, blocks);
      const gone = blocks.filter((block) => !generations.has(block));
      for (const block of gone) this.committed(block);
      await slots.release(queue, id, gone);
      const additions: QueuedBlock[] = [];
      for (const [block, extent] of await extents([...generations.keys()])) {
        const generation = generations.get(block)!;
        attempts.set(block, extent.attempts);
        additions.push({ block, generation, firstRow: extent.firstRow, rows: extent.rows });
        onQueue.set(block, generation);
        dueAt.delete(block);
        fresh.delete(block);
      }
      await queues.add(queue, id, spec.options.priority, additions);
      return waiting.length - blocks.length;
    },

    async withdraw() {
      await slots.withdraw(queue, id);
      for (const block of await queues.remove(queue, id, onQueue)) onQueue.delete(block);
      await forgetLost();
      await releaseUnused();
    },

    async repair() {
      await refresh();
      await adoptGenerations();
      await forgetLost();
      await releaseUnused();
    },

    async drop(all) {
      await refresh();
      const blocks = [...inWindow].filter((block) => all || !onQueue.has(block));
      if (blocks.length > 0) await window.drop(id, lease, blocks);
      if (all) onQueue.clear();
      await refresh();
      await releaseUnused();
    },
  };

  /** After a restart the queue may hold blocks that an earlier feeder added, and stalled ones run again by themselves. */
  async function adoptGenerations(): Promise<void> {
    for (const [block, entry] of await window.entries(id, [...inWindow])) {
      attempts.set(block, entry.attempts);
      if (entry.generation > 0 && !onQueue.has(block)) onQueue.set(block, entry.generation);
    }
  }
}

interface Extent {
  readonly firstRow: number;
  readonly rows: number;
}

function extentOf({ firstRow, rows }: BlockRows): Extent {
  return { firstRow, rows: rows.length };
}

/** 0 for a first run, then 0.5 s doubling up to 30 s. */
function retryDelayMs(attempts: number): number {
  return attempts === 0 ? 0 : Math.min(30_000, 500 * 2 ** (attempts - 1));
}
