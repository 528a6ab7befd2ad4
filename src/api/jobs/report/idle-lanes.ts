/** What idle lanes wait for. */
import { diagnosis, percent, SLOW_FILES, type Diagnosis } from './diagnosis.ts';
import type { JobCosts } from './job-costs.ts';
import type { JobState } from './job-state-of.ts';
import { counted } from '../../../shared/text/counted.ts';

/** If reads take more than this share of `flow`, the time in which rows flowed, idle lanes wait for reads. */
const MOST_OF_FLOW = 0.5;
/** If readers are held back for more than this share of `flow`, the in-flight limit is the bottleneck. */
const BLOCKED_OF_FLOW = 0.2;
/** Maximum share of a block's life that starting, writing and committing it should take. */
const BLOCK_OVERHEAD = 0.25;
/** Every batch has a fixed cost, which weighs too much in batches that are less full than this. */
const FULL_ENOUGH = 0.7;
/** A block should hold about four batches. With fewer than two, many batches are only partly full. */
const BATCHES_PER_BLOCK = 2;
/** A lane holds one running batch and two waiting ones. With fewer than two blocks per lane, it waits for commits. */
const BLOCKS_PER_LANE = 2;

/** Null if the counters do not show what the lanes wait for. `idle`: the share of the time that lanes are idle. */
export function diagnoseIdleLanes(costs: JobCosts, state: JobState, idle: number): Diagnosis | null {
  const { flow } = costs;
  const because = (why: string) => `lanes idle ${percent(idle)} of the time, ${why}`;
  if (state.reason === 'queue_limit') {
    const advice = 'Raise --queue-limit (FOREBAY_QUEUE_LIMIT), or let fewer jobs share the queue.';
    return diagnosis(
      'queue_limit',
      idle,
      because("and the job's blocks wait for slots on the queue"),
      advice,
    );
  }
  const lanes = flow > 0 ? Math.max(1, Math.round(laneTime(costs) / flow)) : 1;
  if (state.concurrency !== null && state.concurrency < BLOCKS_PER_LANE * lanes) {
    return diagnosis(
      'queue_limit',
      idle,
      because(`with at most ${counted(state.concurrency, 'block')} of this job at once`),
      `Raise --concurrency from ${state.concurrency} to ${3 * lanes} or more, or set it to auto.`,
    );
  }
  const blocked = flow > 0 ? costs.blocked / flow : 0;
  if (blocked > BLOCKED_OF_FLOW) {
    return diagnosis(
      'memory',
      blocked,
      because(`readers held back by the in-flight limit ${percent(blocked)} of the time`),
      'Raise --max-inflight-mb (FOREBAY_MAX_INFLIGHT_MB), if memory allows.',
    );
  }
  const reading = flow > 0 ? costs.read / flow : 0;
  if (reading > MOST_OF_FLOW) {
    return diagnosis(
      'reading',
      reading,
      because(`rows being read ${percent(reading)} of the time`),
      SLOW_FILES,
    );
  }
  return blockOverhead(costs, state, because);
}

/** Whether lanes wait for blocks to be started, written and committed. */
function blockOverhead(costs: JobCosts, state: JobState, because: (why: string) => string): Diagnosis | null {
  const life = costs.run + costs.commit;
  const writing = life > 0 ? costs.write / life : 0;
  const talking = life > 0 ? (costs.begin + costs.commit) / life : 0;
  const share = writing + talking;
  if (share <= BLOCK_OVERHEAD) return null;
  const raise = `aise --block-rows from ${state.blockRows}, so that more rows share the cost of a block`;
  if (state.blockRows < BATCHES_PER_BLOCK * batchSize(costs)) {
    const why = `${percent(share)} of a block's life goes to starting, writing and committing it`;
    return diagnosis('small_blocks', share, because(why), `R${raise}.`);
  }
  if (writing > talking) {
    const why = `${percent(writing)} of a block's life goes to writing its part`;
    return diagnosis('writing', writing, because(why), `Write to a faster disk, or r${raise}.`);
  }
  const why = `${percent(talking)} of a block's life goes to taking it off the queue and committing it`;
  return diagnosis('coordination', talking, because(why), `Bring Redis closer to the workers, or r${raise}.`);
}

/** Null if batches are full enough. */
export function diagnoseBatchFill(costs: JobCosts, state: JobState): Diagnosis | null {
  const { fill } = costs;
  if (fill === null || fill >= FULL_ENOUGH) return null;
  const batch = batchSize(costs);
  const advice =
    state.blockRows < BATCHES_PER_BLOCK * batch
      ? `Raise --block-rows from ${state.blockRows} to ${4 * batch}, about four batches of ${batch}.`
      : `Give the job more blocks at once (--concurrency), or lower --batch-size from ${batch}.`;
  return diagnosis('small_blocks', fill, `batches only ${percent(fill)} full`, advice);
}

/** The diagnosis for idle lanes if no counter shows what they wait for. */
export function starvedLanes(state: JobState, idle: number): Diagnosis {
  const limited = state.concurrency === null ? '' : ' or --concurrency';
  return diagnosis(
    'starved_lanes',
    idle,
    `lanes idle ${percent(idle)} of the time with nothing to take`,
    `Raise --block-rows${limited}, or use fewer workers or lanes, because the API lists the input too slowly for them.`,
  );
}

/** Number of rows that a batch has room for. */
function batchSize({ rows, batches, fill }: JobCosts): number {
  return Math.max(1, Math.round(rows / batches / (fill ?? 1)));
}

function laneTime({ lane }: JobCosts): number {
  return lane.idle + lane.read + lane.decode + lane.prepare + lane.infer + lane.post + lane.rest;
}
