/** Reads blocks of a dataset into the job's window. Blocks that an earlier job has published are counted at once. */
import type { DatasetSource } from '../../../shared/datasets/source.ts';
import { rowCount } from '../../../shared/domain/block.ts';
import { deltaStats } from '../../../shared/domain/earlier-rows.ts';
import type { JobSpec } from '../../../shared/domain/job/job.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import type { JobWindow } from '../../../shared/queue/blocks/job-window.ts';
import type { Output } from '../../../shared/storage/output.ts';
import { checkRowLimit } from '../../jobs/create/row-limit.ts';
import type { RecordMover } from '../records/move-records.ts';
import { createAdoptPublished } from './adopt-published.ts';
import type { DatasetReading } from './dataset-reading.ts';
import type { JobBlocks } from '../job-blocks.ts';
import type { SplitBlock } from './splitter.ts';

/** Blocks per reservation, which is one round trip. */
const RESERVE_AT_ONCE = 64;

/** Fills `room` blocks of the window, or fewer if the dataset ends or the job accepts no more. */
export type FillWindow = (room: number) => Promise<void>;

export function createFillWindow(deps: {
  spec: JobSpec;
  lease: string;
  output: Output;
  reading: DatasetReading;
  source: Pick<DatasetSource, 'names'>;
  jobs: Pick<JobStore, 'markFedAll'>;
  window: Pick<JobWindow, 'commitFound' | 'reserve'>;
  blocks: Pick<JobBlocks, 'committed' | 'reserved'>;
  records: Pick<RecordMover, 'keepUp'>;
  /** Maximum number of rows of a job. Null: no limit. */
  maxRows: number | null;
  signal: AbortSignal;
}): FillWindow {
  const { spec, lease, output, reading, window, blocks } = deps;
  const { id } = spec;
  const adoptPublished = spec.resume
    ? createAdoptPublished({ spec, output, namesOf: async (slice) => deps.source.names!(slice, deps.signal) })
    : null;

  /** In a resume, counts a block that an earlier job has published. Returns whether it did. */
  async function adopt(split: SplitBlock): Promise<boolean> {
    const record = (await adoptPublished?.(split)) ?? null;
    if (record === null) return false;
    const delta = deltaStats(split.rows.earlier);
    const adopted = { rows_adopted: rowCount(split.rows), ...delta };
    await window.commitFound(id, split.block, lease, record, adopted, record);
    blocks.committed(split.block);
    return true;
  }

  /** The number of rows up to the last block that was read. Null: this feeder has read none. */
  let rowsRead: number | null = null;

  return async function fill(room) {
    await reading.open();
    for (let left = room; left > 0 && reading.state === 'open' && !deps.signal.aborted;) {
      await deps.records.keepUp();
      const { blocks: read, cursor, skippedInAll } = await reading.next(Math.min(left, RESERVE_AT_ONCE));
      const last = read.at(-1)?.rows;
      if (last && cursor) {
        // Feeding may get ahead of the row count, so the limit is checked here, too.
        rowsRead = last.firstRow + rowCount(last);
        checkRowLimit(rowsRead, deps.maxRows, ' or more');
        const reserved = await window.reserve(id, lease, read, cursor);
        if (reserved < read.length) {
          // The job was paused or cancelled meanwhile. The saved cursor has not moved, so these blocks are read again.
          await reading.close();
          return;
        }
        blocks.reserved(read);
        for (const split of read) if (!(await adopt(split))) left -= 1;
      }
      if (skippedInAll) {
        await deps.jobs.markFedAll(id, lease, skippedInAll, rowsRead);
        reading.end();
      }
    }
  };
}
