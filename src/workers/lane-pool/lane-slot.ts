/** One lane over the worker's whole life: its successive processes, and the batches that they run. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, type ForebayError } from '../../shared/errors.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { createBatchTimeout } from './batch-timeout.ts';
import {
  LaneDied,
  ModelChanged,
  type BatchResult,
  type DeathCause,
  type Lane,
  type LaneExit,
  type RunBatch,
} from './lane-handle.ts';
import { createLaneModels, isUnchanged, RESTART_MAX_MS, RESTART_MIN_MS } from './lane-models.ts';
import { createLaneState } from './lane-state.ts';
import type { PooledModel } from './pooled-model.ts';

/** A lane that lived this long is restarted without a pause. */
const HEALTHY_MS = 5_000;
/** A lane that takes longer to close is killed. */
const CLOSE_MS = 3_000;

export type LaneSlot = ReturnType<typeof createLaneSlot>;

export function createLaneSlot(deps: {
  index: number;
  startLane: (index: number) => Lane;
  emit: Emit;
  /** Called after each load of a model, because the lane may take batches again. */
  onFree: () => void;
  /** Called when this lane will not load the model again. */
  onGivenUp: (model: PooledModel, why: ForebayError) => void;
}) {
  const { index, emit } = deps;
  const state = createLaneState();
  const models = createLaneModels({ ...deps, state });
  const timeout = createBatchTimeout(timedOut);
  let startedAt = 0;
  let backoffMs = RESTART_MIN_MS;
  /** Batches that the current process has finished. */
  let done = 0;
  start();

  function timedOut(): void {
    emit('lane.stuck', { lane: index });
    state.lane?.kill('timed_out');
  }

  function start(): void {
    const lane = deps.startLane(index);
    state.start(lane);
    startedAt = performance.now();
    done = 0;
    models.processStarted();
    void lane.exited.then(ended);
  }

  async function ended({ code, signal }: LaneExit): Promise<void> {
    const planned = state.is === 'draining' && signal === null;
    state.end();
    models.processEnded();
    if (isClosed()) return;
    const lived_ms = Math.round(performance.now() - startedAt);
    if (planned) emit('lane.recycled', { lane: index, lived_ms });
    else {
      emit('lane.died', { lane: index, code, signal, lived_ms });
      backoffMs = lived_ms > HEALTHY_MS ? RESTART_MIN_MS : Math.min(RESTART_MAX_MS, backoffMs * 2);
      if (lived_ms <= HEALTHY_MS) await delay(backoffMs, undefined, { ref: false });
    }
    if (!isClosed()) start();
  }

  /** Must be checked again after each wait, because the lane may be closed meanwhile. */
  function isClosed(): boolean {
    return state.is === 'closed';
  }

  async function run(batch: RunBatch, timeoutMs: number, alone: boolean): Promise<BatchResult> {
    const lane = state.beginBatch(alone);
    const endTimeout = timeout.start(timeoutMs);
    // The batch ends before the wait for `blame`, because the next process may start meanwhile.
    const end = () => {
      endTimeout();
      if (!state.endBatch(lane)) return;
      done += 1;
      closeIfDrained();
    };
    let result: BatchResult;
    try {
      result = await lane.run(batch);
    } catch (error) {
      const blamed = blame(batch.model, error);
      end();
      throw await blamed;
    }
    end();
    return result;
  }

  /**
   * Returns the error to report. If the model's files have changed since it was loaded, the rows are not suspects. A
   * change of mapped files changes answers or kills the lane.
   */
  async function blame(key: string, error: unknown): Promise<unknown> {
    const model = models.keptModel(key);
    if (error instanceof ModelChanged) {
      emit('lane.model_changed', { lane: index, model: model?.load.config.name, message: messageOf(error) });
      models.renew(key);
      return new LaneDied(messageOf(error), false);
    }
    if (!(error instanceof LaneDied) || !error.touched || !model?.load.mapped?.length) return error;
    return (await isUnchanged(model)) ? error : new LaneDied(error.message, false, error.why);
  }

  function recycle(): void {
    if (state.is !== 'open' && state.is !== 'exclusive') return;
    state.drain();
    closeIfDrained();
  }

  function closeIfDrained(): void {
    if (state.is === 'draining' && state.batches === 0 && state.lane !== null) void closeOrKill(state.lane);
  }

  async function closeOrKill(lane: Lane): Promise<void> {
    const timer = setTimeout(() => lane.kill(), CLOSE_MS);
    await lane.close();
    clearTimeout(timer);
  }

  return {
    index,
    get pid() {
      return state.lane?.pid ?? null;
    },
    get batches() {
      return state.batches;
    },
    get done() {
      return done;
    },
    get state() {
      return state.is;
    },
    get loadedBytes() {
      return models.loadedBytes;
    },
    get holdsAny() {
      return models.hasAny;
    },
    holds: models.isResident,
    /** Whether the lane loads the model again after a restart. */
    keeps: models.isKept,
    takes: (model: string) => state.is === 'open' && models.isResident(model),
    run,
    /** Loads the model once, as soon as the lane is empty. */
    load: models.load,
    keep: (model: PooledModel) => models.keep(model),
    drop: (model: string) => models.drop(model),
    kill: (why?: DeathCause) => state.lane?.kill(why),
    /** Restarts the process once its batches have finished. */
    recycle,
    /** Restarts a process that holds no model any more, because freed memory often stays with its process. */
    recycleIfEmpty(): void {
      if (!models.hasAny && !models.keepsAny) recycle();
    },
    /** Ends the lane permanently after its batches, or kills it after CLOSE_MS. Gives up a model that it is loading. */
    async close(): Promise<void> {
      const { lane } = state;
      const isLoading = state.is === 'loading' || state.is === 'emptying';
      state.close();
      if (lane === null) return;
      if (isLoading) lane.kill();
      await closeOrKill(lane);
    },
    killForGood(): void {
      state.close();
      state.lane?.kill();
    },
  };
}
