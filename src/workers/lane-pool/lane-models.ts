/**
 * The models of one lane: those in its current process, and those that each later process loads again. Models are
 * loaded one after the other, and only while the lane has no batch.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ForebayError } from '../../shared/errors.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { processMemory } from '../memory/process-memory.ts';
import { LaneDied, type Lane } from './lane-handle.ts';
import type { LaneState } from './lane-state.ts';
import { changedWhileLoading, loadFailure, type LoadOutcome } from './load-outcome.ts';
import type { PooledModel } from './pooled-model.ts';

export const RESTART_MIN_MS = 100;
export const RESTART_MAX_MS = 10_000;
/** After this many consecutive failures to reload, a model is given up. By then more than 40 s have passed. */
const RELOAD_TRIES = 10;

export type LaneModels = ReturnType<typeof createLaneModels>;

export function createLaneModels(deps: {
  index: number;
  state: LaneState;
  emit: Emit;
  /** Called when the lane may take batches again. */
  onFree: () => void;
  /** Called when this lane will not load the model again. */
  onGivenUp: (model: PooledModel, why: ForebayError) => void;
}) {
  const { index, state, emit } = deps;
  /** Keys of the models in the current process. */
  const resident = new Set<string>();
  /** Models that each later process loads again, with the number of consecutive reloads that failed. */
  const kept = new Map<string, { readonly model: PooledModel; failures: number }>();
  /** Own memory of the process after it last loaded a model, in bytes. 0 if unknown. */
  let loadedBytes = 0;
  let lastLoad: Promise<unknown> = Promise.resolve();

  /** Waits until the lane has reloaded its earlier models, because the new model may kill the lane. */
  async function load(model: PooledModel, mayProbe: boolean): Promise<LoadOutcome> {
    await until(() => state.isUp && ![...kept.keys()].some((key) => !resident.has(key)));
    return enqueue(model, mayProbe, () => true);
  }

  /** `isWanted`: called after the load, because the model may have been dropped meanwhile. */
  async function enqueue(
    model: PooledModel,
    mayProbe: boolean,
    isWanted: () => boolean,
  ): Promise<LoadOutcome> {
    const loading = lastLoad.then(async () => loadNow(model, mayProbe, isWanted));
    lastLoad = loading;
    return loading;
  }

  async function loadNow(
    model: PooledModel,
    mayProbe: boolean,
    isWanted: () => boolean,
  ): Promise<LoadOutcome> {
    const { probe, ...request } = model.load;
    const { name } = request.config;
    const lane = await emptyLane();
    let outcome: LoadOutcome;
    try {
      if (lane === null) throw new LaneDied(`lane ${index} is not running`, false);
      const info = await lane.load(mayProbe && probe ? { ...request, probe } : request);
      outcome = (await isUnchanged(model)) ? { ok: true, info } : changedWhileLoading(name);
      if (state.lane !== lane) throw new LaneDied(`lane ${index} has ended`, false);
      if (outcome.ok && isWanted()) resident.add(request.model);
      else lane.unload(request.model);
      loadedBytes = (lane.pid === null ? null : processMemory(lane.pid))?.own ?? 0;
    } catch (error) {
      outcome = loadFailure(name, error);
    }
    state.endLoad();
    if (!outcome.ok && !isClosed()) {
      const { code, message } = outcome.error;
      emit('lane.load_failed', { lane: index, model: name, code, message });
    }
    deps.onFree();
    return outcome;
  }

  /**
   * Resolves to the running lane once it has no batch. Resolves to null if the lane does not come back, or ends before
   * that.
   */
  async function emptyLane(): Promise<Lane | null> {
    await until(() => state.isUp);
    return state.isUp ? state.beginLoad() : null;
  }

  /** Polls `is`. Gives up after twice the longest pause before a restart. */
  async function until(is: () => boolean): Promise<void> {
    for (let waited = 0; !is() && !isClosed() && waited < 2 * RESTART_MAX_MS; waited += RESTART_MIN_MS) {
      await delay(RESTART_MIN_MS, undefined, { ref: false });
    }
  }

  /**
   * Loads a kept model again. The reason for a failure may pass (memory, a file being copied), so it tries several times.
   */
  async function reload(model: PooledModel): Promise<void> {
    const key = model.load.model;
    const entry = kept.get(key);
    if (entry?.model !== model || resident.has(key) || isClosed()) return;
    const changed = !(await isUnchanged(model));
    const outcome = changed
      ? changedWhileLoading(model.load.config.name)
      : await enqueue(model, false, () => kept.get(key) === entry);
    if (outcome.ok) {
      entry.failures = 0;
      return;
    }
    if (isClosed() || kept.get(key) !== entry) return;
    entry.failures += 1;
    if (changed || entry.failures >= RELOAD_TRIES || !(await isUnchanged(model))) {
      kept.delete(key);
      deps.onGivenUp(model, outcome.error);
      return;
    }
    // If the load killed the lane, the lane's next process reloads its models itself.
    const tried = state.lane;
    await delay(Math.min(RESTART_MAX_MS, RESTART_MIN_MS * 2 ** entry.failures), undefined, { ref: false });
    if (state.lane === tried && tried !== null) void reload(model);
  }

  /** Must be checked again after each wait, because the lane may be closed meanwhile. */
  function isClosed(): boolean {
    return state.is === 'closed';
  }

  return {
    load,
    isResident: (key: string) => resident.has(key),
    /** Whether later processes load the model again. */
    isKept: (key: string) => kept.has(key),
    /** The model, or null if later processes do not load it again. */
    keptModel: (key: string): PooledModel | null => kept.get(key)?.model ?? null,
    get hasAny() {
      return resident.size > 0;
    },
    /** Whether later processes load any model again. */
    get keepsAny() {
      return kept.size > 0;
    },
    get loadedBytes() {
      return loadedBytes;
    },
    /** From now on, later processes load the model again. */
    keep(model: PooledModel): void {
      kept.set(model.load.model, { model, failures: 0 });
      if (!resident.has(model.load.model)) void reload(model);
    },
    /** The caller ensures that no batch of the model is in the lane. */
    drop(key: string): void {
      kept.delete(key);
      resident.delete(key);
      state.lane?.unload(key);
    },
    /** Reloads a model whose files have changed. Until then, the lane takes no batches of it. */
    renew(key: string): void {
      resident.delete(key);
      const model = kept.get(key)?.model;
      if (model !== undefined) void reload(model);
    },
    processStarted(): void {
      loadedBytes = 0;
      for (const { model } of kept.values()) void reload(model);
    },
    processEnded(): void {
      resident.clear();
    },
  };
}

export async function isUnchanged(model: PooledModel): Promise<boolean> {
  return model.unchanged().catch(() => false);
}
