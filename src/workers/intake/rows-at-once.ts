/**
 * How many rows leave for a lane at once: those of one model call, or of several. A batch costs the worker and the lane
 * the same, however many rows it has, and rows that are decoded together find warm caches (docs/adr/0013). The lane runs
 * them in calls of the batch size, so the answers are the same.
 */
import { BATCHES_PER_LANE, type LanePool, type SendHow } from '../lane-pool/lane-pool.ts';
import { fileBytesIn } from '../lane/lane-rows.ts';
import type { BatchSizes, OpenGroup } from './batch-group.ts';

/** Lane time of the rows, ms. They cannot move to another lane, and a lane may hold all of their images at once. */
const MOST_MS = 100;
/** Of files that travel with their rows. A busy lane reads 200 KB between two calls, and more while it decodes. */
const MOST_FILE_BYTES = 2 * 1024 * 1024;

export interface SizedModel extends BatchSizes {
  readonly model: string;
}

export function createRowsAtOnce(deps: {
  pool: Pick<LanePool, 'emptyLanes' | 'lanesOf' | 'memory'>;
  /** Mean time of a lane for a row of the model, ms. Null: not known yet. */
  rowMs: (model: string) => number | null;
}) {
  /** Rows that are soon over, and for which the lane has memory. */
  function soonOver({ model, batchSize, mostRows = batchSize }: SizedModel): number {
    const each = deps.rowMs(model);
    return each === null || deps.pool.memory !== 'normal' ? 0 : Math.min(mostRows, MOST_MS / each);
  }

  function ofBlocks(group: OpenGroup, how: SendHow): number {
    const { batchSize, ready } = group;
    const most = Math.min(soonOver(group), ready.count);
    if (how !== 'prefetch' || most < 2 * batchSize) return batchSize;
    const share = group.isEnding ? shareOfLast(group) : shareOfReady(group);
    const rows = batchSize * Math.min(share, Math.floor(most / batchSize));
    const bytes = ready.oldest(rows).reduce((sum, { inputs }) => sum + fileBytesIn(inputs), 0);
    return bytes > MOST_FILE_BYTES ? batchSize : rows;
  }

  /** Calls for a lane if those without rows share what is ready. */
  function shareOfReady({ model, batchSize, ready }: OpenGroup): number {
    return Math.ceil(Math.floor(ready.count / batchSize) / Math.max(1, deps.pool.emptyLanes(model)));
  }

  /** Calls for a lane such that all lanes could get as many in each of their batches. So they finish together. */
  function shareOfLast({ model, batchSize, inHand }: OpenGroup): number {
    return Math.max(1, Math.floor(inHand / batchSize / (BATCHES_PER_LANE * deps.pool.lanesOf(model))));
  }

  return {
    ofBlocks,
    /** Most rows of a batch of online rows. */
    ofOnline(sized: SizedModel): number {
      return sized.batchSize * Math.max(1, Math.floor(soonOver(sized) / sized.batchSize));
    },
  };
}
