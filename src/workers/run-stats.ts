/** What one run of a block cost, by stage, summed into the job's stats at its commit. Whole microseconds. */
import type { BlockStats } from '../shared/domain/block.ts';
import type { BatchSeen, RowAnswer } from './batcher.ts';

export type RunStats = ReturnType<typeof createRunStats>;

export function createRunStats() {
  let fetchMs = 0;
  let publishMs = 0;
  let rows = 0;
  /** Rows of this block by the batch they came in: a batch's times are shared out over its rows. */
  const shares = new Map<BatchSeen, number>();

  return {
    fetched(ms: number): void {
      fetchMs += ms;
    },
    answered(answer: RowAnswer): void {
      rows += 1;
      if (answer.batch) shares.set(answer.batch, (shares.get(answer.batch) ?? 0) + 1);
    },
    published(ms: number): void {
      publishMs += ms;
    },
    totals(): BlockStats {
      const sums = { bytes: 0, read: fetchMs, queue: 0, decode: 0, wait: 0, prepare: 0, infer: 0, post: 0 };
      let batchShare = 0;
      let room = 0;
      for (const [batch, mine] of shares) {
        const share = mine / batch.rows;
        const { timings } = batch.result;
        batchShare += share;
        room += share * batch.size;
        sums.queue += mine * batch.queuedMs;
        sums.bytes += share * timings.bytes;
        sums.read += share * timings.readMs;
        sums.decode += share * timings.decodeMs;
        sums.wait += share * timings.waitMs;
        sums.prepare += share * timings.prepareMs;
        sums.infer += share * timings.inferMs;
        sums.post += share * timings.postMs;
      }
      return {
        rows_computed: rows,
        bytes: sums.bytes,
        /** Thousandths: a block may own a part of a batch. */
        batches_milli: batchShare * 1000,
        room_milli: room * 1000,
        read_us: sums.read * 1000,
        queue_us: sums.queue * 1000,
        decode_us: sums.decode * 1000,
        wait_us: sums.wait * 1000,
        prepare_us: sums.prepare * 1000,
        infer_us: sums.infer * 1000,
        post_us: sums.post * 1000,
        write_us: publishMs * 1000,
      };
    },
  };
}
