/** A taker for each queue that this worker serves. Takers open and close together with the models. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { createBlockTaker, type BlockTaker } from '../../shared/queue/blocks/block-taker.ts';

export type QueueTakers = ReturnType<typeof createQueueTakers>;

/** Time between attempts to open a taker. */
const RETRY_MS = 1_000;

interface Wanted {
  readonly closing: AbortController;
  /** Null if it was closed before it could open. */
  readonly taker: Promise<BlockTaker | null>;
}

export function createQueueTakers(deps: {
  redis: Redis;
  /** Blocks can be taken from one more queue, or a delayed block is due. */
  onMore: () => void;
  onError: (error: Error) => void;
}) {
  const { redis, onMore, onError } = deps;
  const wanted = new Map<string, Wanted>();
  let open: readonly BlockTaker[] = [];

  async function begin(queue: string): Promise<void> {
    const closing = new AbortController();
    const taker = openTaker(queue, closing.signal);
    wanted.set(queue, { closing, taker });
    const opened = await taker;
    if (opened === null || closing.signal.aborted) return;
    open = [...open, opened];
    onMore();
  }

  /** Tries until it succeeds, because a worker that serves a model must not leave the model's blocks waiting. */
  async function openTaker(queue: string, closing: AbortSignal): Promise<BlockTaker | null> {
    while (!closing.aborted) {
      try {
        return await createBlockTaker({ redis, queue, onDue: onMore, onError });
      } catch (error) {
        onError(error as Error);
        await delay(RETRY_MS, undefined, { signal: closing }).catch(() => {});
      }
    }
    return null;
  }

  async function end(queue: string): Promise<void> {
    const ended = wanted.get(queue);
    wanted.delete(queue);
    open = open.filter((one) => one.queue !== queue);
    ended?.closing.abort();
    await (await ended?.taker)?.close();
  }

  return {
    all: () => open,
    has: (queue: string) => wanted.has(queue),
    open: (queue: string) => void begin(queue).catch(onError),
    close: (queue: string) => void end(queue).catch(onError),
    closeAll: async () => Promise.all([...wanted.keys()].map(end)),
  };
}
