/** The costs of one run of a block by stage, in microseconds. Its commit adds them to the job's stats. */
import { answeredStat, type BlockStats } from '../../shared/domain/block.ts';
import type { RunOfBlock } from '../../shared/observe/tracing/span.ts';
import { cacheStats, type CacheCounts } from '../../shared/domain/job/cache-counts.ts';
import type { BatchSeen } from '../intake/row-answer.ts';
import type { JobFlow } from './job-flow.ts';

export type RunStats = ReturnType<typeof createRunStats>;

/**
 * Lists all sums, so that the objects of all blocks have the same shape from the start. They are increased in place,
 * because object spreads are too slow for thousands of tiny blocks per second.
 */
const zeroStats = () => ({
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
  blocks_run: 1,
  rows_computed: 0,
  begin_us: 0,
  read_us: 0,
  blocked_us: 0,
  write_us: 0,
  run_us: 0,
  flow_us: 0,
  commit_us: 0,
  commits: 0,
});

type Sums = ReturnType<typeof zeroStats>;

interface Share {
  rows: number;
  /** How much of the lane's idle time before the batch counts. See job-flow.ts. */
  readonly idleMs: number;
}

/** Create it when the run begins. `run`: null for a sample, which is no run of a block. */
export function createRunStats(
  flow: JobFlow,
  run: RunOfBlock | null,
  now: () => number = () => performance.now(),
) {
  const start = now();
  let beginMs = 0;
  let fetchMs = 0;
  let heldBackMs = 0;
  let publishMs = 0;
  let rows = 0;
  let cache: CacheCounts | null = null;
  /** Rows of this block by batch. The times of a batch are divided by its rows. */
  const shares = new Map<BatchSeen, Share>();

  return {
    run,
    /** The block belongs to this run, and it is known whether an earlier run has published it. */
    begun(): void {
      beginMs = now() - start;
    },
    /** A row's bytes have arrived, or the path of its local file is known. */
    fetched({ ms, blockedMs }: { readonly ms: number; readonly blockedMs: number }): void {
      fetchMs += ms;
      heldBackMs += blockedMs;
    },
    /** Rows are answered. `batch`: null if no lane answered them. */
    answered(count: number, batch: BatchSeen | null): void {
      rows += count;
      if (!batch) return;
      const share = shares.get(batch);
      if (share) share.rows += count;
      else {
        const idleMs = flow.answered(batch.sentAt, batch.timings.idleMs);
        shares.set(batch, { rows: count, idleMs });
      }
    },
    /** Rows were looked up in the result cache. */
    cached({ hits, misses }: CacheCounts): void {
      cache = { hits: hits + (cache?.hits ?? 0), misses: misses + (cache?.misses ?? 0) };
    },
    published(ms: number): void {
      publishMs += ms;
    },
    /** The times of this block alone, without those of lanes and of the commit. */
    times: () => ({ beginMs, readMs: fetchMs, blockedMs: heldBackMs, writeMs: publishMs }),
    totals(): BlockStats {
      const sums = zeroStats();
      for (const [batch, share] of shares) addShare(sums, batch, share);
      sums.rows_computed = rows;
      sums.begin_us = beginMs * 1000;
      sums.read_us = fetchMs * 1000;
      sums.blocked_us = heldBackMs * 1000;
      sums.write_us = publishMs * 1000;
      sums.run_us = (now() - start) * 1000;
      sums.flow_us = flow.takeFlowMs() * 1000;
      const commits = flow.takeCommits();
      sums.commit_us = commits.ms * 1000;
      sums.commits = commits.count;
      const answered = addAnswered(sums, shares);
      return cache === null ? answered : { ...answered, ...cacheStats(cache) };
    },
  };
}

/** Only pipelines count which of their models has answered. */
function addAnswered(sums: Sums, shares: ReadonlyMap<BatchSeen, Share>): BlockStats {
  let all: Record<string, number> | null = null;
  for (const [batch, { rows }] of shares) {
    for (const [model, count] of batch.timings.answeredBy ?? []) {
      const name = answeredStat(model);
      all ??= { ...sums };
      all[name] = (all[name] ?? 0) + (rows / batch.rows) * count * 1000;
    }
  }
  return all ?? sums;
}

/** Adds the block's share of a batch's times, by its share of the rows. */
function addShare(sums: Sums, batch: BatchSeen, { rows, idleMs }: Share): void {
  const { timings } = batch;
  const share = rows / batch.rows;
  const shareUs = share * 1000;
  sums.lane_read_us += shareUs * timings.readMs;
  sums.decode_us += shareUs * timings.decodeMs;
  sums.decode_ahead_us += shareUs * timings.decodeAheadMs;
  sums.prepare_us += shareUs * timings.prepareMs;
  sums.infer_us += shareUs * timings.inferMs;
  sums.post_us += shareUs * timings.postMs;
  sums.rest_us += shareUs * timings.restMs;
  sums.bytes += share * timings.bytes;
  sums.idle_us += shareUs * idleMs;
  sums.batch_wait_us += rows * 1000 * batch.queuedMs;
  sums.lane_wait_us += rows * 1000 * timings.laneWaitMs;
  // In thousandths, because a block may own only part of a batch.
  sums.batches_milli += share * 1000 * batch.calls;
  sums.room_milli += share * 1000 * batch.calls * batch.size;
}
