/** The runs of blocks that this worker holds. */
import type { TakenBlock } from '../../shared/queue/block-taker.ts';
import type { BlockRun } from '../run-block.ts';

export type RunsInHand = ReturnType<typeof createRunsInHand>;

export function createRunsInHand(deps: {
  runBlock: (block: TakenBlock) => BlockRun;
  /** A run has ended, so lanes may want another block. */
  onEnded: () => void;
}) {
  /** The queue of each run's block. */
  const runs = new Map<BlockRun, string>();

  async function handBack(which: (queue: string) => boolean): Promise<void> {
    const chosen = [...runs].filter(([, queue]) => which(queue));
    await Promise.all(chosen.map(async ([run]) => run.handBack()));
  }

  return {
    get count(): number {
      return runs.size;
    },
    queues: (): ReadonlySet<string> => new Set(runs.values()),
    /** Settles when the batcher expects the block's rows, or the block has none to compute. */
    async begin(block: TakenBlock): Promise<void> {
      const run = deps.runBlock(block);
      runs.set(run, block.queue);
      void run.ended.then(() => {
        runs.delete(run);
        deps.onEnded();
      });
      await run.announced;
    },
    /** Settles when the current runs have ended. */
    async ended(): Promise<void> {
      await Promise.all([...runs.keys()].map(async (run) => run.ended));
    },
    handBackOf: async (queue: string) => handBack((of) => of === queue),
    handBackAll: async () => handBack(() => true),
  };
}
