/**
 * Takes blocks from the queues of all served models in turn. It takes a block only when lanes can use it, and at most
 * one beyond their need. A block with a better priority than all that the worker holds is taken at any time.
 *
 * States:
 * - `resting`: lanes want no block, or the queues are empty. Ends with a ring or after SWEEP_MS.
 * - `taking`: blocks are being taken, or a ring has just asked for that.
 * - `holding`: `hold` was called during a take, which may still bring blocks.
 * - `held`: no blocks come until `release`.
 * - `stopping`: `stop` was called during a take, which may still bring blocks.
 * - `stopped`: no more blocks come.
 */
import { redisTrouble } from '../../shared/redis/redis-trouble.ts';
import { InvariantError, messageOf } from '../../shared/errors.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { createAlarm } from '../../shared/process/alarm.ts';
import type { BlockTaker, TakenBlock } from '../../shared/queue/blocks/block-taker.ts';

/** The longest delay that a lost wake-up causes. */
const SWEEP_MS = 1_000;
const AFTER_ERROR_MS = 1_000;
const MAX_AT_ONCE = 16;

type SourceState = 'resting' | 'taking' | 'holding' | 'held' | 'stopping' | 'stopped';

export type BlockSource = ReturnType<typeof createBlockSource>;

export function createBlockSource(deps: {
  takers: () => readonly BlockTaker[];
  /** Number of blocks of the queue that lanes can use now. */
  blocksWanted: (queue: string) => number;
  /** Whether a block with this priority would go ahead of all rows of the queue that wait for a lane here. */
  goesAhead: (queue: string, priority: number) => boolean;
  /** The best priority of the blocks that wait on the queue. Null: none waits. */
  bestWaiting: (queue: string) => Promise<number | null>;
  /** Starts work on a block. Settles when the batcher expects the block's rows, or the block has none. */
  begin: (block: TakenBlock) => Promise<void>;
  /** No block will come for now: the queues are empty, or lanes want none. */
  onIdle: () => void;
  emit: Emit;
}) {
  const alarm = createAlarm();
  const stopping = new AbortController();
  let state: SourceState = 'resting';
  let turn = 0;
  let atOnce = 1;
  /** Queues on which urgent blocks may wait, and the best priority that was last seen there. */
  const urgent = new Map<string, number>();
  /** Called once no take is in progress. */
  let onTaken: (() => void)[] = [];

  /** Allowed in states `resting` and `taking`. */
  function take(): void {
    if (state !== 'resting' && state !== 'taking')
      throw new InvariantError(`blocks were taken while ${state}`);
    state = 'taking';
  }

  /** Not allowed in state `stopped`. */
  async function rest(ms: number): Promise<void> {
    if (state === 'taking') state = 'resting';
    else if (state === 'holding') state = 'held';
    else if (state === 'stopping') state = 'stopped';
    for (const done of onTaken) done();
    onTaken = [];
    deps.onIdle();
    await alarm.wait(ms, stopping.signal);
  }

  /** Called in states `stopping` and `stopped`. */
  function end(): void {
    state = 'stopped';
    // No more blocks come, so partial batches leave as they are.
    deps.onIdle();
  }

  function blocksWanted(queue: string): number {
    return state === 'holding' || state === 'held' ? 0 : deps.blocksWanted(queue);
  }

  function wantsAny(): boolean {
    return deps.takers().some(({ queue }) => blocksWanted(queue) > 0);
  }

  /** Takes from the next queue that has blocks. Takes several at once while queues are full enough. */
  async function takeNext(): Promise<TakenBlock[]> {
    const takers = deps.takers();
    for (let i = 0; i < takers.length; i++) {
      const taker = takers[turn++ % takers.length]!;
      const wanted = Math.min(blocksWanted(taker.queue), atOnce);
      if (wanted === 0) continue;
      const taken = await Promise.allSettled(Array.from({ length: wanted }, async () => taker.take()));
      const blocks = taken.flatMap((t) => (t.status === 'fulfilled' && t.value ? [t.value] : []));
      const failure = taken.find((t) => t.status === 'rejected');
      if (failure && blocks.length === 0) throw failure.reason;
      // A request to an empty queue costs as much as taking a block.
      atOnce = blocks.length < wanted ? 1 : Math.min(MAX_AT_ONCE, atOnce * 2);
      if (blocks.length > 0) return blocks;
    }
    return [];
  }

  /** Takes a block that must not wait until lanes have room, one at a time. */
  async function takeUrgent(): Promise<TakenBlock | null> {
    for (const taker of deps.takers()) {
      const { queue } = taker;
      const known = urgent.get(queue);
      if (known === undefined || !deps.goesAhead(queue, known)) continue;
      // An urge that comes during the request may be about later blocks, so it is kept.
      urgent.delete(queue);
      const waiting = await deps.bestWaiting(queue).catch((error: unknown) => {
        urgent.set(queue, known);
        throw error;
      });
      if (waiting === null || !deps.goesAhead(queue, waiting)) continue;
      if (!urgent.has(queue)) urgent.set(queue, waiting);
      const block = await taker.take();
      if (block) return block;
    }
    return null;
  }

  function mayTakeUrgent(): boolean {
    if (state === 'holding' || state === 'held') return false;
    return [...urgent].some(([queue, priority]) => deps.goesAhead(queue, priority));
  }

  async function takeAny(): Promise<TakenBlock[]> {
    const block = mayTakeUrgent() ? await takeUrgent() : null;
    if (block !== null) return [block];
    return wantsAny() ? takeNext() : [];
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (!wantsAny() && !mayTakeUrgent()) {
        await rest(SWEEP_MS);
        continue;
      }
      take();
      try {
        const blocks = await takeAny();
        await Promise.all(blocks.map(deps.begin));
        if (blocks.length === 0) await rest(SWEEP_MS);
      } catch (error) {
        // The Redis watch reports errors of Redis.
        if (redisTrouble(error) === null) deps.emit('block.take_failed', { error: messageOf(error) });
        await rest(AFTER_ERROR_MS);
      }
    }
    end();
  }

  const running = run();
  return {
    /** Blocks with a better priority than others may have arrived on the queue. */
    urge(queue: string): void {
      // No block has the priority 0, so the source looks at the queue.
      urgent.set(queue, 0);
      alarm.ring();
    },
    /** More blocks may have arrived, or lanes may want more. */
    ring(): void {
      // The state changes before the loop wakes, because a partial batch leaves immediately if no block may arrive.
      if (state === 'resting' && wantsAny()) take();
      alarm.ring();
    },
    /** Whether a take in progress may bring a block. */
    get mayBring(): boolean {
      return state === 'taking' || state === 'holding' || state === 'stopping';
    },
    /** Takes no more blocks until `release`. Settles when no take is in progress. Allowed until `stop`. */
    async hold(): Promise<void> {
      if (state === 'resting') state = 'held';
      if (state === 'held') return;
      state = 'holding';
      alarm.ring();
      await new Promise<void>((resolve) => onTaken.push(resolve));
    },
    /** Takes blocks again. Allowed until `stop`. */
    release(): void {
      if (state === 'held') state = 'resting';
      else if (state === 'holding') state = 'taking';
      alarm.ring();
    },
    /** Takes no more blocks. */
    async stop(): Promise<void> {
      if (state === 'taking' || state === 'holding') state = 'stopping';
      else if (state === 'resting' || state === 'held') state = 'stopped';
      stopping.abort();
      await running;
    },
  };
}
