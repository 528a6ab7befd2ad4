/**
 * Takes blocks from the queues of all served models in turn, within one budget: a block only when lanes can
 * use it, at most one beyond their need.
 */
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
  let state: 'waiting' | 'taking' | 'stopped' = 'waiting';
  let turn = 0;
  let rung = false;
  let wakeUp: (() => void) | null = null;

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

  async function sleep(ms: number): Promise<void> {
    state = state === 'stopped' ? state : 'waiting';
    deps.onIdle();
    if (!rung && (state as string) !== 'stopped') {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wakeUp = null;
    }
    rung = false;
  }

  function stopped(): boolean {
    return state === 'stopped';
  }

  async function run(): Promise<void> {
    while (!stopped()) {
      if (!wantsAny()) {
        await sleep(SWEEP_MS);
        continue;
      }
      state = 'taking';
      try {
        const block = await takeNext();
        if (block) await deps.begin(block);
        else await sleep(SWEEP_MS);
      } catch (error) {
        deps.log.warn({ error: messageOf(error) }, 'no block taken');
        await sleep(AFTER_ERROR_MS);
      }
    }
  }

  const running = run();
  return {
    /** More blocks may be there, or more are wanted. */
    ring(): void {
      rung = true;
      if (state === 'waiting' && wantsAny()) state = 'taking';
      wakeUp?.();
    },
    /** Whether a block is being taken right now. */
    get taking(): boolean {
      return state === 'taking';
    },
    /** Takes no more blocks. */
    async stop(): Promise<void> {
      state = 'stopped';
      wakeUp?.();
      await running;
    },
  };
}
