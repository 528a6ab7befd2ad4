/** What a feeder knows about the blocks in its job's window: one state per block. Pure except for the clock. */
import { InvariantError } from '../../shared/errors.ts';

export interface Extent {
  readonly firstRow: number;
  readonly rows: number;
}

type BlockState =
  /** The block was in the window when this feeder started. It may be on the queue. */
  | { readonly name: 'found' }
  /** Reserved by this feeder and never on the queue, so no run of it has started. */
  | { readonly name: 'fresh'; readonly extent: Extent }
  /**
   * Not on the queue. It may go there from `dueAt` (ms, monotonic). BullMQ could delay the block itself, but it would
   * compare the wall clocks of two machines.
   */
  | { readonly name: 'waiting'; readonly attempts: number; readonly dueAt: number }
  /** Believed to be on the queue or in a worker's hands. */
  | {
      readonly name: 'queued';
      readonly attempts: number;
      readonly generation: number;
      /** Attempts when it was put on the queue: runs that ended without a commit. */
      readonly before: number;
    };

/** `attempts`: how many runs of the block have started. */
export interface BlockAttempts {
  readonly block: number;
  readonly attempts: number;
}

export type BlockStates = ReturnType<typeof createBlockStates>;

export function createBlockStates(now: () => number = () => performance.now()) {
  const states = new Map<number, BlockState>();

  function expectQueued(block: number): BlockState & { name: 'queued' } {
    const state = states.get(block);
    if (state?.name === 'queued') return state;
    throw new InvariantError(`block ${block} is ${state?.name ?? 'not in the window'}, not queued`);
  }

  return {
    /** Forgets blocks that have left the window, and adds blocks that are new in it. */
    sync(inWindow: readonly number[]): void {
      const present = new Set(inWindow);
      for (const block of states.keys()) if (!present.has(block)) states.delete(block);
      for (const block of present) if (!states.has(block)) states.set(block, { name: 'found' });
    },
    reserved(block: number, extent: Extent): void {
      states.set(block, { name: 'fresh', extent });
    },
    /** Updates a block from its entry in the window. An earlier feeder may have put it on the queue. */
    learn(block: number, { attempts, generation }: { attempts: number; generation: number }): void {
      const state = states.get(block);
      if (state?.name === 'found') {
        const isQueued = generation > 0;
        states.set(
          block,
          isQueued
            ? { name: 'queued', attempts, generation, before: 0 }
            : { name: 'waiting', attempts, dueAt: 0 },
        );
      } else if (state?.name === 'waiting' || state?.name === 'queued') {
        states.set(block, { ...state, attempts });
      }
    },
    /** The block is being put on the queue. */
    queued(block: number, generation: number, attempts: number): void {
      const state = states.get(block);
      if (state?.name === 'queued') throw new InvariantError(`block ${block} is on the queue already`);
      states.set(block, { name: 'queued', attempts, generation, before: attempts });
    },
    /** The block left the queue without a commit. It waits longer after each run. */
    lost(block: number): void {
      const { attempts } = expectQueued(block);
      states.set(block, { name: 'waiting', attempts, dueAt: now() + retryDelayMs(attempts) });
    },
    /** The block was taken off the queue before a worker took it. */
    withdrawn(block: number): void {
      const { attempts } = expectQueued(block);
      states.set(block, { name: 'waiting', attempts, dueAt: 0 });
    },
    /** The block is committed, or has left the window for another reason. */
    gone(block: number): void {
      states.delete(block);
    },

    get size(): number {
      return states.size;
    },
    blocks: (): number[] => [...states.keys()],
    isQueued: (block: number): boolean => states.get(block)?.name === 'queued',
    /** The extent of a block that this feeder has reserved and never queued. Null for any other block. */
    freshExtent(block: number): Extent | null {
      const state = states.get(block);
      return state?.name === 'fresh' ? state.extent : null;
    },
    /** Blocks that may go on the queue now, in order. */
    due(): number[] {
      const at = now();
      return [...states]
        .filter(([, state]) => state.name !== 'queued' && (state.name !== 'waiting' || state.dueAt <= at))
        .map(([block]) => block)
        .sort((a, b) => a - b);
    },
    /** Generations of the blocks that are believed to be on the queue. */
    queuedGenerations(): Map<number, number> {
      const generations = new Map<number, number>();
      for (const [block, state] of states) {
        if (state.name === 'queued') generations.set(block, state.generation);
      }
      return generations;
    },
    /** A block that has run without success. Null: there is none. */
    retried(): number | null {
      for (const [block, state] of states) {
        const failed = state.name === 'waiting' ? state.attempts : state.name === 'queued' ? state.before : 0;
        if (failed > 0) return block;
      }
      return null;
    },
    /** The block with the most runs. Null before any run. */
    worst(): BlockAttempts | null {
      let worst: BlockAttempts | null = null;
      for (const [block, state] of states) {
        const attempts = 'attempts' in state ? state.attempts : 0;
        if (attempts > (worst?.attempts ?? 0)) worst = { block, attempts };
      }
      return worst;
    },
  };
}

/** 0 before the first run, then 0.5 s, doubling up to 30 s. */
function retryDelayMs(attempts: number): number {
  return attempts === 0 ? 0 : Math.min(30_000, 500 * 2 ** (attempts - 1));
}
