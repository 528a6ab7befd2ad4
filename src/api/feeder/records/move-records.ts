/**
 * Moves the records of committed parts from Redis to the job's index in the output while the job runs. If a feeder dies
 * before it removes records that it has moved, the next feeder moves them again. Readers see no difference.
 */
import type { JobSpec } from '../../../shared/domain/job/job.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { JobWindow } from '../../../shared/queue/blocks/job-window.ts';
import type { Output } from '../../../shared/storage/output.ts';
import { addRecords } from '../../../shared/storage/part-index/part-index.ts';
import { storageTrouble } from '../../../shared/storage/storage-trouble.ts';

/** A segment costs a request, so it should have about this many records. */
const WORTH_MOVING = 128;
/** While more records wait, the feeder reads no further blocks. */
const MOST_WAITING = 512;
/** While this many records wait, commits leave no more. Parts without a record are read when the job ends. */
const MOST_IN_REDIS = 4_096;

export interface RecordMover {
  /**
   * Call it before blocks are reserved. Settles once few enough records wait in Redis. Rejects with LeaseLost or
   * ForebayError `storage_unavailable`.
   */
  keepUp(): Promise<void>;
  /** Settles when nothing is being moved. Never rejects. */
  settle(): Promise<void>;
}

export function createRecordMover(deps: {
  spec: JobSpec;
  lease: string;
  output: Output;
  window: Pick<JobWindow, 'collectRecords' | 'dropRecords' | 'recordsWaiting' | 'waitingRecords'>;
}): RecordMover {
  const { spec, lease, output, window } = deps;
  const { id } = spec;
  const head = { job: id, model: spec.model.hash };
  let collects = false;
  let moving: Promise<void> | null = null;

  async function move(): Promise<void> {
    const { count, records } = await window.waitingRecords(id, MOST_WAITING);
    if (count === 0) return;
    try {
      await addRecords(output, head, records);
    } catch (error) {
      const trouble = storageTrouble(error);
      if (trouble === null) throw error;
      throw new ForebayError('storage_unavailable', trouble, { cause: error });
    }
    await window.dropRecords(id, lease, count);
  }

  return {
    async keepUp() {
      if (!collects) await window.collectRecords(id, lease, MOST_IN_REDIS);
      collects = true;
      for (;;) {
        const waiting = await window.recordsWaiting(id);
        if (waiting < WORTH_MOVING) return;
        moving ??= move().finally(() => (moving = null));
        if (waiting > MOST_WAITING) await moving;
        else {
          // The next round tries again. If the trouble lasts, a later round waits for the move and rejects.
          moving.catch(() => {});
          return;
        }
      }
    },
    async settle() {
      await moving?.catch(() => {});
    },
  };
}
