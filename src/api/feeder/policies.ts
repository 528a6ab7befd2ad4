/**
 * Backpressure (G5 in docs/reliability.md). Policies decide how many blocks may be read into the window, and whether
 * blocks may be added to the queue. Any veto wins, and users see its reason.
 */
import type { JobReason } from '../../shared/domain/job/job.ts';
import type { ModelRef } from '../../shared/domain/model/model-config.ts';
import { INLINE_NAME } from '../../shared/models/inline-folder.ts';
import type { ModelService } from '../../shared/queue/workers/worker-registry.ts';

export interface FeedState {
  readonly model: ModelRef;
  readonly service: ModelService;
  /** The job's own limit of blocks queued or running. Null: automatic. */
  readonly concurrency: number | null;
  /** Blocks in the window. */
  readonly inWindow: number;
  /** Of those, blocks on the queue or held by a worker. */
  readonly onQueue: number;
  /** Blocks that the job has recently committed per second. */
  readonly blocksPerS: number;
}

export const MIN_WINDOW = 16;
export const BLOCKS_PER_LANE = 4;
/**
 * The window is refilled when this share of it is free. A round of the feeder costs the same for one block as for many.
 * At a refill, the window still holds three blocks per lane, of which the worker has taken two.
 */
const REFILL_SHARE = 1 / 4;
/**
 * The window holds at least what the job commits in this time, in s. So tiny blocks last until the feeder's next round.
 * The time is short, because another job's first block may have to wait that long.
 */
const WINDOW_S = 0.1;
const MAX_FAST_WINDOW = 256;
export const MIN_QUEUE_LIMIT = 64;
export const QUEUE_BLOCKS_PER_LANE = 8;

/** Maximum number of blocks of the job queued or running at once. */
export function windowLimit(state: FeedState): number {
  return state.concurrency ?? automaticWindow(state);
}

function automaticWindow({ blocksPerS, service }: FeedState): number {
  const fast = Math.min(MAX_FAST_WINDOW, Math.ceil(WINDOW_S * blocksPerS));
  return Math.max(MIN_WINDOW, BLOCKS_PER_LANE * service.lanes, fast);
}

/**
 * How many queued blocks, over all jobs, keep the lanes busy until a feeder's next round. This is less than a window
 * holds just before a refill. Otherwise jobs that have had their share would fill the gap before each refill.
 */
export function feedLevel(state: FeedState): number {
  return Math.ceil(automaticWindow(state) / 2);
}

/**
 * Maximum number of blocks of all jobs on the queue. `configured` overrides the formula. `window`: the window of the
 * job that asks. One job gets at most half of the queue.
 */
export function queueLimit(liveLanes: number, configured: number | undefined, window = 0): number {
  return configured ?? Math.max(MIN_QUEUE_LIMIT, QUEUE_BLOCKS_PER_LANE * liveLanes, 2 * window);
}

/** Why a job waits. `text`: details. */
export interface Veto {
  readonly reason: JobReason;
  readonly text: string | null;
}

type Policy = (state: FeedState) => Veto | null;

/** Without a veto, blocks may be added as far as the queue's slots allow. */
const ADD_POLICIES: readonly Policy[] = [
  ({ service }) => (service.problem === null ? null : { reason: 'model_failed', text: service.problem }),
  // One block on the queue makes a worker load an unloaded model.
  ({ service, model, onQueue }) =>
    service.lanes > 0 || (service.isUnloaded && onQueue === 0)
      ? null
      : { reason: 'no_worker', text: nobody(model, service) },
  // One block stays on the queue, so that the job continues. A worker that holds no block takes it.
  ({ service, onQueue }) =>
    service.memoryFull && onQueue > 0 ? { reason: 'memory_watermark', text: MEMORY_TEXT } : null,
];

export function vetoOnAdding(state: FeedState): Veto | null {
  for (const policy of ADD_POLICIES) {
    const veto = policy(state);
    if (veto) return veto;
  }
  return null;
}

const MEMORY_TEXT =
  'All workers that serve the model are near their memory limit and take one block at a time. Give them more memory, or fewer lanes.';

function nobody({ name, hash, pool }: ModelRef, service: ModelService): string {
  if (service.waitsBecause !== null) return service.waitsBecause;
  if (service.isLoading || service.isUnloaded) return `A worker is loading model "${name}" (${short(hash)}).`;
  if (service.isDraining) {
    return `All workers of pool "${pool}" that serve model "${name}" are draining. Resume one, or start another one.`;
  }
  if (name === INLINE_NAME) return noMembers(pool);
  if (service.otherHashes.length === 0)
    return `No live worker of pool "${pool}" serves model "${name}" (${short(hash)}).`;
  const served = service.otherHashes.map(short).join(', ');
  if (service.isReplaced) {
    return (
      `The files of model "${name}" were replaced after this job was submitted. Workers now serve ${served}, and the job ` +
      `needs ${short(hash)}. Submit the job again to run it with the new files, or put the old files back.${ALSO_MEMBERS}`
    );
  }
  return (
    `Workers serve model "${name}" with hash ${served}, and the job needs ${short(hash)}. To make workers serve other ` +
    'files, put the files into the folders that the workers read. They notice within seconds. If the model has changed ' +
    `since the job was submitted, submit it again.${ALSO_MEMBERS}`
  );
}

/** Pipelines of other requests have the same name, so their hashes would say nothing. */
function noMembers(pool: string): string {
  return (
    `No live worker of pool "${pool}" serves the pipeline of this job yet. Workers notice it within seconds if they have ` +
    'all its models as they were when the job was submitted. If files of these models have changed, put the old ones ' +
    'back, and the job continues, or submit the job again. If there is no worker, start one.'
  );
}

/** The files of a pipeline may be the same. */
const ALSO_MEMBERS = ' A pipeline changes with each of its models.';

/** The same length as in the queue's name. */
function short(hash: string): string {
  return hash.slice(0, 12);
}

/** The window is worth refilling when it holds at most this many blocks. */
export function refillMark(state: FeedState): number {
  const limit = windowLimit(state);
  return limit - Math.ceil(limit * REFILL_SHARE);
}

/**
 * How many tasks that write files may still be put into the window. One per lane keeps the workers busy. A single lane
 * gets two, so that it stays busy while the feeder adds the next.
 */
export function taskRoom(state: FeedState): number {
  const most = Math.min(windowLimit(state), Math.max(2, state.service.lanes));
  return Math.max(0, most - state.inWindow);
}

/** How many blocks may still be read into the window. */
export function windowRoom(state: FeedState): number {
  return Math.max(0, windowLimit(state) - state.inWindow);
}
