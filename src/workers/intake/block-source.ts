/**
 * Takes blocks from the queues of all served models in turn, within one budget: a block only when lanes can
 * use it, at most one beyond their need.
 */
import { createAlarm } from '../../shared/process/alarm.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/observe/logger.ts';
import type { BlockTaker, TakenBlock } from '../../shared/queue/block-taker.ts';

/** Lost wake-ups cost at most this. */
const SWEEP_MS = 1_000;
const AFTER_ERROR_MS = 1_000;
const MOST_AT_ONCE = 16;

export type BlockSource = ReturnType<typeof createBlockSource>;

export function createBlockSource(deps: {
  takers: () => readonly BlockTaker[];
  /** Blocks of the queue that lanes can use now. */
  blocksWanted: (queue: string) => number;
  /** Begins work on a block; settles when its rows are announced or there are none. */
  begin: (block: TakenBlock) => Promise<void>;
  /** The queues have been found empty, or the budget spent. */
  onIdle: () => void;
  log: Logger;
}) {
  const alarm = createAlarm();
  const stopping = new AbortController();
  let taking = false;
  let turn = 0;
  let atOnce = 1;

  function wantsAny(): boolean {
    return deps.takers().some(({ queue }) => deps.blocksWanted(queue) > 0);
  }

  /** From the first queue in turn that has any: several in one round trip while there are enough of them. */
  async function takeNext(): Promise<TakenBlock[]> {
    const takers = deps.takers();
    for (let i = 0; i < takers.length; i++) {
      const taker = takers[turn++ % takers.length]!;
      const wanted = Math.min(deps.blocksWanted(taker.queue), atOnce);
      if (wanted === 0) continue;
      const taken = await Promise.allSettled(Array.from({ length: wanted }, async () => taker.take()));
      const blocks = taken.flatMap((t) => (t.status === 'fulfilled' && t.value ? [t.value] : []));
      const failure = taken.find((t) => t.status === 'rejected');
      if (failure && blocks.length === 0) throw failure.reason;
      // Asking an empty queue costs as much as a block.
      atOnce = blocks.length < wanted ? 1 : Math.min(MOST_AT_ONCE, atOnce * 2);
      if (blocks.length > 0) return blocks;
    }
    return [];
  }

  async function rest(ms: number): Promise<void> {
    taking = false;
    deps.onIdle();
    await alarm.wait(ms, stopping.signal);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (!wantsAny()) {
        await rest(SWEEP_MS);
        continue;
      }
      taking = true;
      try {
        const blocks = await takeNext();
        await Promise.all(blocks.map(deps.begin));
        if (blocks.length === 0) await rest(SWEEP_MS);
      } catch (error) {
        deps.log.warn({ error: messageOf(error) }, 'no block taken');
        await rest(AFTER_ERROR_MS);
      }
    }
    // Nothing more comes: batches that are not full leave as they are.
    taking = false;
    deps.onIdle();
  }

  const running = run();
  return {
    /** More blocks may be there, or more are wanted. */
    ring(): void {
      // At once, not when the loop wakes: a batch that is not full waits for what may come.
      taking ||= wantsAny() && !stopping.signal.aborted;
      alarm.ring();
    },
    /** Whether a block is being taken right now. */
    get taking(): boolean {
      return taking;
    },
    /** Takes no more blocks. */
    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
  };
}
