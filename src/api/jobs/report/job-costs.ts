/** Computes what a job cost from its counters, which sum over its commits. */
import { answeredIn } from '../../../shared/domain/block.ts';

export type Counters = Readonly<Record<string, number>>;

/** Times are in ms, summed over lanes or workers. `STAGES` in http/wire/job-report.ts describes each stage. */
export interface JobCosts {
  readonly blocks: number;
  /** Rows that went through a lane, or failed before they reached one. */
  readonly rows: number;
  readonly batches: number;
  /** Rows per batch divided by the rows that a batch had room for. Null without batches. */
  readonly fill: number | null;
  readonly lane: {
    readonly idle: number;
    readonly read: number;
    readonly decode: number;
    readonly prepare: number;
    readonly infer: number;
    readonly post: number;
    readonly rest: number;
    /** Decoding by decode threads, while the lane's own thread did something else. */
    readonly decodeAhead: number;
  };
  /** Wall-clock time during which rows flowed, summed over workers. */
  readonly flow: number;
  readonly read: number;
  readonly blocked: number;
  /** Summed over rows, like `laneWait`. */
  readonly batchWait: number;
  readonly laneWait: number;
  readonly begin: number;
  readonly write: number;
  readonly commit: number;
  /** From the start of a block to just before its commit, summed over blocks. */
  readonly run: number;
  /** Rows by the model of a pipeline that answered them. Null for other models. */
  readonly answeredBy: Readonly<Record<string, number>> | null;
}

/** Null if no run of a block has reported yet. Adopted blocks cost nothing. */
export function costsOf(counters: Counters): JobCosts | null {
  const ms = (name: string) => (counters[`${name}_us`] ?? 0) / 1000;
  const blocks = counters['blocks_run'] ?? 0;
  if (blocks === 0) return null;
  const rows = counters['rows_computed'] ?? 0;
  // A batch may mix blocks, so the counters sum each block's share in thousandths.
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
    // A worker never reports the cost of its last commit, so that cost is estimated from the other commits.
    commit: commits > 0 ? (ms('commit') * blocks) / commits : 0,
    run: ms('run'),
    answeredBy: answeredIn(counters),
  };
}

/** How long lanes worked, in ms, without decoding by decode threads. */
export function laneWork({ lane }: Pick<JobCosts, 'lane'>): number {
  const { idle: _, decodeAhead: __, ...parts } = lane;
  return Object.values(parts).reduce((sum, part) => sum + part, 0);
}

/** With fewer batches, most are the first and last ones, which do not show the steady state. */
const ENOUGH_BATCHES = 8;
/** Minimum time of lane work. With less, timers and start-up noise weigh too much. */
const ENOUGH_MS = 200;

/** Whether the costs show the steady state of the lanes. */
export function showSteadyState(costs: Pick<JobCosts, 'lane' | 'batches'>): boolean {
  return costs.batches >= ENOUGH_BATCHES && laneWork(costs) >= ENOUGH_MS;
}
