/**
 * One lane over the worker's whole life: its processes one after the other, the models in them, and what it takes.
 * Loading and running do not mix: a model is loaded when the lane is empty, and no batch enters meanwhile.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { InvariantError, messageOf, type ForebayError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/observe/logger.ts';
import type { BatchRequest } from '../lane/messages.ts';
import { processMemory } from '../memory/process-memory.ts';
import { LaneDied, ModelChanged, type BatchResult, type DeathCause, type Lane } from './lane-handle.ts';
import { changedWhileLoading, loadFailure, type LoadOutcome } from './load-outcome.ts';
import type { ResidentModel } from './pool-model.ts';
import { createRunClock } from './run-clock.ts';

/** `down`: no process. `draining`: gets no more batches, ends when it has none, and is started again. */
type SlotState = 'down' | 'open' | 'loading' | 'draining' | 'closed';

export type BatchTo = Omit<BatchRequest, 'type' | 'batch'>;

const RESTART_MIN_MS = 100;
const RESTART_MAX_MS = 10_000;
/** A lane that lived this long restarts without waiting. */
const HEALTHY_MS = 5_000;
/** A model that cannot be loaded again so often in a row is given up: by then half a minute has passed. */
const RELOAD_TRIES = 10;
/** For a lane that is empty to close; then it is killed. */
const CLOSE_MS = 3_000;

export type LaneSlot = ReturnType<typeof createLaneSlot>;

export function createLaneSlot(deps: {
  index: number;
  startLane: (index: number) => Lane;
  log: Logger;
  /** A place has become free, or a model has come back. */
  onFree: () => void;
  /** The model will not be loaded again here. */
  onGivenUp: (model: ResidentModel, why: ForebayError) => void;
}) {
  const { index, log } = deps;
  const clock = createRunClock(timedOut);
  /** In the process that runs now. */
  const models = new Set<string>();
  /** To be loaded again into each further process, with the number of tries that failed in a row. */
  const kept = new Map<string, { readonly model: ResidentModel; failures: number }>();
  let state: SlotState = 'down';
  let lane: Lane | null = null;
  let startedAt = 0;
  let backoffMs = RESTART_MIN_MS;
  let batches = 0;
  let done = 0;
  let loadedBytes = 0;
  /** A batch that must be alone in the lane is in it. */
  let exclusive = false;
  let whenEmpty: (() => void) | null = null;
  let loads: Promise<unknown> = Promise.resolve();
  start();

  function timedOut(): void {
    log.error({ lane: index }, 'a batch takes longer than its model may: the lane is killed');
    lane?.kill('timed_out');
  }

  function start(): void {
    if (state !== 'down') throw new InvariantError(`a lane was started while ${state}`);
    const started = deps.startLane(index);
    lane = started;
    state = 'open';
    startedAt = performance.now();
    done = 0;
    loadedBytes = 0;
    for (const { model } of kept.values()) void reload(model);
    void started.exited.then(ended);
  }

  async function ended({ code, signal }: Awaited<Lane['exited']>): Promise<void> {
    const wanted = state === 'draining' && signal === null;
    lane = null;
    models.clear();
    whenEmpty?.();
    if (isClosed()) return;
    state = 'down';
    const lived = Math.round(performance.now() - startedAt);
    if (wanted) log.info({ lane: index, lived_ms: lived }, 'lane ended as planned, starting it again');
    else {
      log.warn({ lane: index, code, signal, lived_ms: lived }, 'lane died, starting it again');
      backoffMs = lived > HEALTHY_MS ? RESTART_MIN_MS : Math.min(RESTART_MAX_MS, backoffMs * 2);
      if (lived <= HEALTHY_MS) await delay(backoffMs, undefined, { ref: false });
    }
    if (!isClosed()) start();
  }

  /** Read anew after a wait, which may have changed it. */
  function isClosed(): boolean {
    return state === 'closed';
  }

  /** Once the lane holds again what it held before: a new model may be the death of it. */
  async function load(model: ResidentModel, mayProbe: boolean): Promise<LoadOutcome> {
    await until(() => isUp() && ![...kept.keys()].some((key) => !models.has(key)));
    return enqueue(model, mayProbe);
  }

  /** One model after the other. */
  async function enqueue(model: ResidentModel, mayProbe = false): Promise<LoadOutcome> {
    const loading = loads.then(async () => loadNow(model, mayProbe));
    loads = loading;
    return loading;
  }

  async function loadNow(model: ResidentModel, mayProbe: boolean): Promise<LoadOutcome> {
    const { probe, ...request } = model.load;
    const { name } = request.config;
    const running = await emptied();
    let outcome: LoadOutcome;
    try {
      if (running === null) throw new LaneDied(`lane ${index} is not running`, false);
      const info = await running.load(mayProbe && probe ? { ...request, probe } : request);
      outcome = (await isUnchanged(model)) ? { ok: true, info } : changedWhileLoading(name);
      if (lane !== running) throw new LaneDied(`lane ${index} has ended`, false);
      if (outcome.ok) models.add(request.model);
      else running.unload(request.model);
      loadedBytes = (running.pid === null ? null : processMemory(running.pid))?.own ?? 0;
    } catch (error) {
      outcome = loadFailure(name, error);
    }
    if (state === 'loading') state = 'open';
    if (!outcome.ok && !isClosed())
      log.error({ lane: index, model: name, code: outcome.error.code }, outcome.error.message);
    deps.onFree();
    return outcome;
  }

  /** The lane, running and without a batch, which gets none until it is open again; null where it does not come. */
  async function emptied(): Promise<Lane | null> {
    await until(isUp);
    if (!isUp() || isClosed()) return null;
    state = 'loading';
    const running = lane;
    if (batches > 0) await new Promise<void>((resolve) => (whenEmpty = resolve));
    whenEmpty = null;
    return lane === running ? running : null;
  }

  function isUp(): boolean {
    return state !== 'down' && state !== 'draining';
  }

  /** Not for ever: restarts are bounded, too. */
  async function until(is: () => boolean): Promise<void> {
    for (let waited = 0; !is() && !isClosed() && waited < 2 * RESTART_MAX_MS; waited += RESTART_MIN_MS) {
      await delay(RESTART_MIN_MS, undefined, { ref: false });
    }
  }

  async function isUnchanged(model: ResidentModel): Promise<boolean> {
    return model.unchanged().catch(() => false);
  }

  /** After a start: what kept it from loading may pass (memory, a file being copied), but not for ever. */
  async function reload(model: ResidentModel): Promise<void> {
    const key = model.load.model;
    const entry = kept.get(key);
    if (entry?.model !== model || models.has(key) || isClosed()) return;
    const changed = !(await isUnchanged(model));
    const outcome = changed ? changedWhileLoading(model.load.config.name) : await enqueue(model);
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
    // A lane that died of it is started again, and then does this itself.
    const tried = lane;
    await delay(Math.min(RESTART_MAX_MS, RESTART_MIN_MS * 2 ** entry.failures), undefined, { ref: false });
    if (lane === tried && lane !== null) void reload(model);
  }

  async function run(batch: BatchTo, timeoutMs: number, alone: boolean): Promise<BatchResult> {
    if (lane === null) throw new InvariantError('a batch was sent to a lane that does not run');
    batches += 1;
    exclusive = alone;
    const stopClock = clock.start(timeoutMs);
    try {
      return await lane.run(batch);
    } catch (error) {
      throw await blame(batch.model, error);
    } finally {
      stopClock();
      batches -= 1;
      done += 1;
      exclusive = false;
      if (batches === 0) emptyNow();
    }
  }

  function emptyNow(): void {
    whenEmpty?.();
    if (state === 'draining') closeDrained();
  }

  /** Rows are no suspects where the model's files have changed under the lane: mapped ones change its answers, or kill it. */
  async function blame(key: string, error: unknown): Promise<unknown> {
    if (error instanceof ModelChanged) {
      log.error({ lane: index, model: kept.get(key)?.model.load.config.name }, messageOf(error));
      models.delete(key);
      const changed = kept.get(key)?.model;
      if (changed !== undefined) void reload(changed);
      return new LaneDied(messageOf(error), false);
    }
    const model = kept.get(key)?.model;
    if (!(error instanceof LaneDied) || !error.touched || !model?.load.mapped?.length) return error;
    return (await isUnchanged(model)) ? error : new LaneDied(error.message, false, error.why);
  }

  function recycle(): void {
    if (lane === null || state !== 'open') return;
    state = 'draining';
    if (batches === 0) closeDrained();
  }

  function closeDrained(): void {
    if (lane !== null) void closeOrKill(lane);
  }

  async function closeOrKill(ending: Lane): Promise<void> {
    const timer = setTimeout(() => ending.kill(), CLOSE_MS);
    await ending.close();
    clearTimeout(timer);
  }

  return {
    index,
    get pid() {
      return lane?.pid ?? null;
    },
    get batches() {
      return batches;
    },
    get done() {
      return done;
    },
    get draining() {
      return state === 'draining';
    },
    get loadedBytes() {
      return loadedBytes;
    },
    get holdsAny() {
      return models.size > 0;
    },
    holds: (model: string) => models.has(model),
    /** Whether it will hold the model again after its next start. */
    keeps: (model: string) => kept.has(model),
    takes: (model: string) => state === 'open' && !exclusive && models.has(model),
    run,
    /** Once, as soon as the lane is empty. */
    load,
    /** From now on in each further process, too. */
    keep(model: ResidentModel): void {
      kept.set(model.load.model, { model, failures: 0 });
      if (!models.has(model.load.model)) void reload(model);
    },
    /** The caller sees to it that no batch of it is in the lane. */
    drop(model: string): void {
      kept.delete(model);
      models.delete(model);
      lane?.unload(model);
    },
    kill: (why?: DeathCause) => lane?.kill(why),
    /** Starts the process again once its batches have finished. */
    recycle,
    /** Ends it for good, after the batches in it; what it loads is given up. */
    async close(): Promise<void> {
      const loading = state === 'loading';
      state = 'closed';
      if (lane === null) return;
      if (loading) lane.kill();
      await closeOrKill(lane);
    },
    killForGood(): void {
      state = 'closed';
      lane?.kill();
    },
  };
}
