/**
 * The blocks of one job between window and queue, as its feeder sees them: which are on the queue, which
 * wait for a place, which were lost and go on again. Owns places; knows nothing of datasets.
 */
import type { JobSpec } from '../../shared/domain/job.ts';
import type { BlockQueues, QueuedBlock } from '../../shared/queue/block-queue.ts';
import type { JobWindow } from '../../shared/queue/job-window.ts';
import type { QueuePlaces } from '../../shared/queue/queue-places.ts';

export interface JobBlocks {
  /** Puts waiting blocks on the queue as far as places go. Returns how many still wait. */
  add(limits: { readonly queue: number; readonly window: number }): Promise<number>;
  /** Takes blocks off the queue again and returns their places; blocks in workers' hands stay. */
  withdraw(): Promise<void>;
  /** Looks for blocks that left the queue without a commit; they wait for a place again. */
  repair(): Promise<void>;
  /** Takes all blocks that no worker has in hand out of the window. `all`: also those. */
  drop(all: boolean): Promise<void>;
  /** Reads the window anew. Returns its size. */
  refresh(): Promise<number>;
  /** The block of the window with most runs begun, as of the last look; null before any run. */
  readonly worst: { readonly block: number; readonly attempts: number } | null;
}

export function createJobBlocks(deps: {
  spec: JobSpec;
  queue: string;
  lease: string;
  window: JobWindow;
  queues: BlockQueues;
  places: QueuePlaces;
}): JobBlocks {
  const { spec, queue, lease, window, queues, places } = deps;
  const { id } = spec;
  /** Blocks in the window. */
  let inWindow = new Set<number>();
  /** Blocks believed on the queue or in a worker's hands, with their generation. */
  const onQueue = new Map<number, number>();
  /** Runs begun of blocks in the window, as of the last look. */
  const attempts = new Map<number, number>();

  async function refresh(): Promise<number> {
    inWindow = new Set(await window.blocks(id));
    for (const known of [onQueue, attempts]) {
      for (const block of known.keys()) if (!inWindow.has(block)) known.delete(block);
    }
    return inWindow.size;
  }

  /** Forgets blocks that the queue no longer has although they are not committed. */
  async function forgetLost(): Promise<void> {
    if (onQueue.size === 0) return;
    const present = await queues.present(queue, id, onQueue);
    // The window is read after the queue: a block committed in between is then not taken for lost.
    await refresh();
    for (const block of onQueue.keys()) if (!present.has(block)) onQueue.delete(block);
  }

  async function releaseUnused(): Promise<void> {
    const held = await places.held(queue, id);
    await places.release(
      queue,
      id,
      held.filter((block) => !onQueue.has(block)),
    );
  }

  return {
    refresh,
    get worst() {
      let worst: { block: number; attempts: number } | null = null;
      for (const [block, runs] of attempts) {
        if (runs > (worst?.attempts ?? 0)) worst = { block, attempts: runs };
      }
      return worst;
    },

    async add(limits) {
      const waiting = [...inWindow].filter((block) => !onQueue.has(block)).sort((a, b) => a - b);
      if (waiting.length === 0) return 0;
      const wish = { id, priority: spec.options.priority, window: limits.window };
      const granted = await places.take(queue, wish, limits.queue, waiting);
      const blocks = waiting.slice(0, granted);
      if (blocks.length === 0) return waiting.length;
      const generations = await window.nextGeneration(id, lease, blocks);
      const entries = await window.entries(id, [...generations.keys()]);
      const additions: QueuedBlock[] = [];
      for (const [block, entry] of entries) {
        attempts.set(block, entry.attempts);
        const rows = entry.rows();
        additions.push({
          block,
          generation: entry.generation,
          firstRow: rows.firstRow,
          rows: rows.rows.length,
          delayMs: retryDelayMs(entry.attempts),
        });
        onQueue.set(block, entry.generation);
      }
      await queues.add(queue, id, spec.options.priority, additions);
      return waiting.length - blocks.length;
    },

    async withdraw() {
      await places.withdraw(queue, id);
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

/** 0 for a first run, then 0.5 s doubling up to 30 s. */
function retryDelayMs(attempts: number): number {
  return attempts === 0 ? 0 : Math.min(30_000, 500 * 2 ** (attempts - 1));
}
