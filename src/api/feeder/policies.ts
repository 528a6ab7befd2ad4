/**
 * Backpressure (G5): policies say how many more blocks may go in, any veto wins, and its reason is shown.
 * Reading into the window and adding to the queue are separate decisions.
 */
import type { JobReason } from '../../shared/domain/job.ts';

export interface FeedState {
  /** The job's own cap on blocks queued or running; null: automatic. */
  readonly concurrency: number | null;
  /** Lanes of live workers that serve the model. */
  readonly liveLanes: number;
  /** Blocks in the window. */
  readonly inWindow: number;
  /** The job's blocks committed a second, of late. */
  readonly blocksPerS: number;
}

export const MIN_WINDOW = 16;
export const BLOCKS_PER_LANE = 3;
/**
 * A window holds what the job commits in this time, s, so that tiny blocks last until the feeder's next turn.
 * It is also what another job's first block may wait behind: short.
 */
const WINDOW_S = 0.1;
const MAX_FAST_WINDOW = 256;
export const MIN_QUEUE_LIMIT = 64;
export const QUEUE_BLOCKS_PER_LANE = 8;

/** Most blocks of the job queued or running at once. */
export function windowLimit(state: FeedState): number {
  const fast = Math.min(MAX_FAST_WINDOW, Math.ceil(WINDOW_S * state.blocksPerS));
  return state.concurrency ?? Math.max(MIN_WINDOW, BLOCKS_PER_LANE * state.liveLanes, fast);
}

/** Most blocks of all jobs on the queue. `configured` wins; `window`: of the job that asks, which gets at most half. */
export function queueLimit(liveLanes: number, configured: number | undefined, window = 0): number {
  return configured ?? Math.max(MIN_QUEUE_LIMIT, QUEUE_BLOCKS_PER_LANE * liveLanes, 2 * window);
}

type Policy = (state: FeedState) => JobReason | null;

/** No veto from any of these: blocks may be added, as far as the queue's places go. */
const ADD_POLICIES: readonly Policy[] = [(state) => (state.liveLanes === 0 ? 'no_worker' : null)];

export function vetoOnAdding(state: FeedState): JobReason | null {
  for (const policy of ADD_POLICIES) {
    const veto = policy(state);
    if (veto) return veto;
  }
  return null;
}

/** Blocks that may still be read into the window. */
export function windowRoom(state: FeedState): number {
  return Math.max(0, windowLimit(state) - state.inWindow);
}
