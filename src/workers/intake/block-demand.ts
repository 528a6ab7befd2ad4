/** How many more blocks of a model the lanes can use. */
import { stopsIntake } from '../../shared/domain/memory-level.ts';
import type { LanePool } from '../lane-pool/lane-pool.ts';
import type { BatchGroup, OpenGroup } from './batch-group.ts';

/**
 * How long the rows in hand should last beyond those in the lanes when the next block is asked for, ms. To take a block,
 * open it and read its first rows takes 3 to 6 ms, and the main thread may be in a turn of 8 ms (ADR 21). Three batches of
 * a table are over in 8 ms.
 */
const LEAD_MS = 15;
/** Blocks of a delta job that need no lane. If the next ones need one after all, the worker holds this many too many. */
const IDLE_BLOCKS = 8;

export function createBlockDemand(deps: {
  pool: Pick<LanePool, 'busy' | 'freeSlots' | 'lanesOf' | 'memory'>;
  groups: ReadonlyMap<string, Pick<OpenGroup, 'model' | 'batchSize' | 'inHand' | 'priority'>>;
  /** Mean time of a lane for a row of the model, ms. Null: not known yet. */
  rowMs: (model: string) => number | null;
}) {
  const { pool, groups, rowMs } = deps;
  /** The last block of each model: its batches, and the rows of a full one. */
  const lastBlocks = new Map<string, { readonly batches: number; readonly batchSize: number }>();

  function rowsInHand(): number {
    let rows = 0;
    for (const group of groups.values()) rows += group.inHand;
    return rows;
  }

  function batchesInHand(model: string): number {
    let batches = 0;
    for (const group of groups.values()) {
      if (group.model === model) batches += Math.ceil(group.inHand / group.batchSize);
    }
    return batches;
  }

  /** While models compete, one that runs out of rows loses its turn. So the next block comes one batch per lane sooner. */
  function losesItsTurn(model: string, batches: number): boolean {
    if (batches >= pool.lanesOf(model)) return false;
    for (const group of groups.values()) if (group.model !== model && group.inHand > 0) return true;
    return false;
  }

  /** Whether lanes could run out of rows before those of another block are there. */
  function endsSoon(model: string, batches: number): boolean {
    const last = lastBlocks.get(model);
    const each = rowMs(model);
    return (
      last !== undefined && each !== null && batches * last.batchSize * each < LEAD_MS * pool.lanesOf(model)
    );
  }

  return {
    /** A block with this many rows for lanes has started. */
    noteBlock({ model, batchSize }: Pick<BatchGroup, 'model' | 'batchSize'>, rows: number): void {
      lastBlocks.set(model, { batches: Math.ceil(rows / batchSize), batchSize });
    },
    /** Whether a block with this priority would go ahead of all rows of the model that wait for a lane. */
    goesAhead(model: string, priority: number): boolean {
      if (pool.lanesOf(model) === 0 || pool.memory !== 'normal') return false;
      for (const group of groups.values()) {
        if (group.model === model && group.inHand > 0 && group.priority <= priority) return false;
      }
      return true;
    },
    /**
     * At most one block more than the lanes need, now and in the next LEAD_MS. Assumes that each block is as large as the
     * model's last one.
     */
    blocksWanted(model: string): number {
      if (pool.lanesOf(model) === 0) return 0;
      // A worker without a block takes one at any memory level, because otherwise it would never work again.
      if (stopsIntake(pool.memory)) return pool.busy || rowsInHand() > 0 ? 0 : 1;
      const inHand = batchesInHand(model);
      const room = pool.freeSlots(model) - inHand;
      if (pool.memory === 'slow') return room > 0 ? 1 : 0;
      if (room < 0) return endsSoon(model, inHand) || losesItsTurn(model, inHand) ? 1 : 0;
      const batches = lastBlocks.get(model)?.batches ?? Infinity;
      return batches === 0 ? IDLE_BLOCKS : 1 + Math.floor(room / batches);
    },
  };
}
