/** A taker for each queue that this worker serves. Takers open and close together with the models. */
import type { Redis } from 'ioredis';
import { createBlockTaker, type BlockTaker } from '../../shared/queue/blocks/block-taker.ts';

export type QueueTakers = ReturnType<typeof createQueueTakers>;

export function createQueueTakers(deps: {
  redis: Redis;
  /** Blocks can be taken from one more queue. */
  onOpened: () => void;
  onError: (error: Error) => void;
}) {
  const { redis, onError } = deps;
  const wanted = new Map<string, Promise<BlockTaker>>();
  let open: readonly BlockTaker[] = [];

  async function begin(queue: string): Promise<void> {
    const taker = createBlockTaker({ redis, queue, onError });
    wanted.set(queue, taker);
    const opened = await taker;
    if (wanted.get(queue) !== taker) return;
    open = [...open, opened];
    deps.onOpened();
  }

  async function end(queue: string): Promise<void> {
    const taker = wanted.get(queue);
    wanted.delete(queue);
    open = open.filter((one) => one.queue !== queue);
    await (await taker)?.close();
  }

  return {
    all: () => open,
    has: (queue: string) => wanted.has(queue),
    open: (queue: string) => void begin(queue).catch(onError),
    close: (queue: string) => void end(queue).catch(onError),
    closeAll: async () => Promise.all([...wanted.keys()].map(end)),
  };
}
