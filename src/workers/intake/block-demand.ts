/** How many more blocks of a model the lanes can use. */
import { stopsIntake } from '../../shared/domain/memory-level.ts';
import type { LanePool } from '../lane-pool/lane-pool.ts';
import type { BatchGroup, OpenGroup } from './batch-group.ts';

/** Blocks of a delta job that need no lane. If the next ones need one after all, the worker holds this many too many. */
const IDLE_BLOCKS = 8;

export function createBlockDemand(deps: { pool: LanePool; groups: ReadonlyMap<string, OpenGroup> }) {
  const { pool, groups } = deps;
  /** Number of batches in the last block of each model. */
  const lastBlock = new Map<string, number>();

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

  return {
    /** A block with this many rows for lanes has started. */
    noteBlock({ model, batchSize }: BatchGroup, rows: number): void {
      lastBlock.set(model, Math.ceil(rows / batchSize));
    },
    /** Whether a block with this priority would go ahead of all rows of the model that wait for a lane. */
    goesAhead(model: string, priority: number): boolean {
      if (pool.lanesOf(model) === 0 || pool.memory !== 'normal') return false;
      for (const group of groups.values()) {
        if (group.model === model && group.inHand > 0 && group.priority <= priority) return false;
      }
      return true;
    },
    /** At most one block more than the lanes need. Assumes that each block is as large as the model's last one. */
    blocksWanted(model: string): number {
      if (pool.lanesOf(model) === 0) return 0;
      // A worker without a block takes one at any memory level, because otherwise it would never work again.
      if (stopsIntake(pool.memory)) return pool.busy || rowsInHand() > 0 ? 0 : 1;
      const inHand = batchesInHand(model);
      const room = pool.freeSlots(model) - inHand;
      if (pool.memory === 'slow') return room > 0 ? 1 : 0;
      if (room < 0) return losesItsTurn(model, inHand) ? 1 : 0;
      const batches = lastBlock.get(model) ?? Infinity;
      return batches === 0 ? IDLE_BLOCKS : 1 + Math.floor(room / batches);
    },
  };
}
