/**
 * Takes blocks from the queues of all served models in turn, within one budget: a block only when lanes can
 * use it, at most one beyond their need.
 */
import { createAlarm } from '../shared/alarm.ts';
import { messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/observe/logger.ts';
import type { BlockTaker, TakenBlock } from '../shared/queue/block-taker.ts';

/** Lost wake-ups cost at most this. */
const SWEEP_MS = 1_000;
const AFTER_ERROR_MS = 1_000;

export type BlockSource = ReturnType<typeof createBlockSource>;

export function createBlockSource(deps: {
  takers: () => readonly BlockTaker[];
  /** Whether lanes can use a block of the queue now. */
  wantsBlock: (queue: string) => boolean;
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

  function wantsAny(): boolean {
    return deps.takers().some(({ queue }) => deps.wantsBlock(queue));
  }

  async function takeNext(): Promise<TakenBlock | null> {
    const takers = deps.takers();
    for (let i = 0; i < takers.length; i++) {
      const taker = takers[turn++ % takers.length]!;
      if (!deps.wantsBlock(taker.queue)) continue;
      const block = await taker.take();
      if (block) return block;
    }
    return null;
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
        const block = await takeNext();
        if (block) await deps.begin(block);
        else await rest(SWEEP_MS);
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
