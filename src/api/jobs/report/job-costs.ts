/** From the counters that commits sum (see workers/run-stats.ts) to what a job cost. Pure. */
import type { JobCosts } from './diagnose-job.ts';

export type Counters = Readonly<Record<string, number>>;

/** Null where no run of a block has reported yet: adopted blocks cost nothing. */
export function costsOf(counters: Counters): JobCosts | null {
  const ms = (name: string) => (counters[`${name}_us`] ?? 0) / 1000;
  const blocks = counters['blocks_run'] ?? 0;
  if (blocks === 0) return null;
  const rows = counters['rows_computed'] ?? 0;
  // A block may own a share of a batch, so shares are summed as thousandths.
  const batches = (counters['batches_milli'] ?? 0) / 1000;
  const room = (counters['room_milli'] ?? 0) / 1000;
  const commits = counters['commits'] ?? 0;
  return {
    blocks,
    rows,
    batches: Math.round(batches),
    fill: room > 0 ? Math.min(1, rows / room) : null,
    lane: {
      idle: ms('idle'),
      read: ms('lane_read'),
      decode: ms('decode'),
      prepare: ms('prepare'),
      infer: ms('infer'),
      post: ms('post'),
      rest: ms('rest'),
      decodeAhead: ms('decode_ahead'),
    },
    flow: ms('flow'),
    read: ms('read'),
    blocked: ms('blocked'),
    batchWait: ms('batch_wait'),
    laneWait: ms('lane_wait'),
    begin: ms('begin'),
    write: ms('write'),
    // A worker's last commit goes unreported: it counts like the others.
    commit: commits > 0 ? (ms('commit') * blocks) / commits : 0,
    run: ms('run'),
  };
}
