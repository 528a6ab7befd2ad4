/** What one run of a block cost, by stage, summed into the job's stats at its commit. Whole microseconds. */
import type { BlockStats } from '../shared/domain/block.ts';
import type { BatchSeen, RowAnswer } from './batcher.ts';
import type { JobFlow } from './job-flow.ts';
import type { BatchTimings } from './lane/messages.ts';

export type RunStats = ReturnType<typeof createRunStats>;

/** Counter of microseconds <- time of a batch, of which a block has the share of its rows. */
const SHARED = {
  lane_read_us: 'readMs',
  decode_us: 'decodeMs',
  decode_ahead_us: 'decodeAheadMs',
  prepare_us: 'prepareMs',
  infer_us: 'inferMs',
  post_us: 'postMs',
  rest_us: 'restMs',
} as const satisfies Record<string, keyof BatchTimings>;

type SharedName = keyof typeof SHARED;
const SHARED_NAMES = Object.keys(SHARED) as SharedName[];

/** Written out, so that every block's sums have one shape: this runs for each of thousands of tiny blocks a second. */
const noShare = () => ({
  lane_read_us: 0,
  decode_us: 0,
  decode_ahead_us: 0,
  prepare_us: 0,
  infer_us: 0,
  post_us: 0,
  rest_us: 0,
  bytes: 0,
  idle_us: 0,
  batch_wait_us: 0,
  lane_wait_us: 0,
  batches_milli: 0,
  room_milli: 0,
});

interface Share {
  rows: number;
  /** Of the lane's idle time before the batch; see job-flow.ts. */
  readonly idleMs: number;
}

/** Begins with the run. */
export function createRunStats(flow: JobFlow, now: () => number = () => performance.now()) {
  const start = now();
  let beginMs = 0;
  let fetchMs = 0;
  let heldBackMs = 0;
  let publishMs = 0;
  let rows = 0;
  /** Rows of this block by the batch they came in: a batch's times are shared out over its rows. */
  const shares = new Map<BatchSeen, Share>();

  return {
    /** The block is this run's, and no earlier one has published it. */
    begun(): void {
      beginMs = now() - start;
    },
    /** A row's bytes are here, or its local file is named. */
    fetched({ ms, blockedMs }: { readonly ms: number; readonly blockedMs: number }): void {
      fetchMs += ms;
      heldBackMs += blockedMs;
    },
    answered({ batch }: RowAnswer): void {
      rows += 1;
      if (!batch) return;
      const share = shares.get(batch);
      if (share) share.rows += 1;
      else {
        shares.set(batch, { rows: 1, idleMs: flow.answered(batch.sentAt, batch.result.timings.idleMs) });
      }
    },
    published(ms: number): void {
      publishMs += ms;
    },
    totals(): BlockStats {
      const sums = noShare();
      for (const [batch, { rows: mine, idleMs }] of shares) {
        const share = mine / batch.rows;
        const { timings } = batch.result;
        for (const name of SHARED_NAMES) sums[name] += share * timings[SHARED[name]] * 1000;
        sums.bytes += share * timings.bytes;
        sums.idle_us += share * idleMs * 1000;
        sums.batch_wait_us += mine * batch.queuedMs * 1000;
        sums.lane_wait_us += mine * timings.laneWaitMs * 1000;
        // Thousandths: a block may own a part of a batch.
        sums.batches_milli += share * 1000;
        sums.room_milli += share * batch.size * 1000;
      }
      const commits = flow.takeCommits();
      return {
        ...sums,
        blocks_run: 1,
        rows_computed: rows,
        begin_us: beginMs * 1000,
        read_us: fetchMs * 1000,
        blocked_us: heldBackMs * 1000,
        write_us: publishMs * 1000,
        run_us: (now() - start) * 1000,
        flow_us: flow.takeFlowMs() * 1000,
        commit_us: commits.ms * 1000,
        commits: commits.count,
      };
    },
  };
}
