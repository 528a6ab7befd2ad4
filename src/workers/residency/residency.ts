/**
 * Decides which models this worker's lanes hold. A model leaves them when it was idle for long enough, when another
 * model needs its memory, or when an operator orders it. It comes back when a block or a sample waits for it, or when
 * an operator orders it. A model that a block or a sample uses always stays. A model whose files were replaced or
 * deleted leaves for good.
 */
import { messageOf } from '../../shared/errors.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { createAlarm } from '../../shared/process/alarm.ts';
import type { GivenModelOrder, ModelOrders } from '../../shared/queue/workers/model-orders.ts';
import { redisTrouble } from '../../shared/redis/redis-trouble.ts';
import type { ServedModels } from '../models/served-models.ts';
import { keepMsOf, type ServedModel } from '../models/served-model.ts';
import { createFailedModels } from './failed-models.ts';
import { BETWEEN_BLOCKS_MS, createMakeRoom } from './make-room.ts';

/** The longest delay that a lost wake-up causes. */
const SWEEP_MS = 1_000;
/** A replaced model leaves the lanes when the worker has held none of its blocks for this long. */
const RETIRE_MS = 30_000;

export type Residency = ReturnType<typeof createResidency>;

/** `standing`: operators' orders to load or unload models, from before the worker started. */
export function createResidency(deps: {
  budgetBytes: number | null;
  models: Pick<ServedModels, 'all' | 'of' | 'retire' | 'unload' | 'wait' | 'wake'>;
  modelOrders: Pick<ModelOrders, 'all'>;
  standing: ReadonlyMap<string, GivenModelOrder>;
  inUse: (queue: string) => boolean;
  isNeeded: (queue: string) => Promise<boolean>;
  /** Whether the worker's settings allow the model. */
  isAllowed: (model: ServedModel) => boolean;
  emit: Emit;
  now?: () => number;
}) {
  const { models, inUse, isNeeded, emit, now = () => performance.now() } = deps;
  const alarm = createAlarm();
  const failedModels = createFailedModels(now);
  const stopping = new AbortController();
  /** By queue, the last order that this worker has seen. */
  let orders = deps.standing;
  const room = createMakeRoom({
    budgetBytes: deps.budgetBytes,
    models: models.all,
    inUse,
    isNeeded,
    unload: (queue) => models.unload(queue, 'budget'),
    now,
  });
  /** Loads run one after the other, so that two models are not given the same memory. */
  let lastWake: Promise<void> = Promise.resolve();
  /** Queues of models that found no room, the one that has waited longest first. It gets the next room. */
  const waiting = new Set<string>();

  async function wake(queue: string): Promise<void> {
    if (models.of(queue)?.state.is === 'unloaded') await load(queue);
  }

  async function load(queue: string): Promise<void> {
    lastWake = lastWake.then(async () => loadInTurn(queue)).catch(failed);
    return lastWake;
  }

  async function loadInTurn(queue: string): Promise<void> {
    for (const earlier of waiting) {
      if (earlier === queue) break;
      if (await isNeeded(earlier)) await loadIfFits(earlier);
      else waiting.delete(earlier);
    }
    await loadIfFits(queue);
  }

  async function loadIfFits(queue: string): Promise<void> {
    const model = models.of(queue);
    if (model === undefined || (model.state.is !== 'unloaded' && model.state.is !== 'failed')) {
      waiting.delete(queue);
      return;
    }
    const why = await room.makeRoom(model);
    if (stopping.signal.aborted) return;
    if (why === null) {
      waiting.delete(queue);
      models.wake(queue);
    } else {
      waiting.add(queue);
      models.wait(queue, why);
    }
  }

  function failed(error: unknown): void {
    // The Redis watch reports errors of Redis.
    if (stopping.signal.aborted || redisTrouble(error) !== null) return;
    emit('models.residency_failed', { error: messageOf(error) });
  }

  async function followOrders(): Promise<void> {
    const before = orders;
    orders = await deps.modelOrders.all();
    for (const { queue } of models.all()) {
      const asked = orders.get(queue);
      if (asked === undefined || asked.id === before.get(queue)?.id) continue;
      await (asked.order === 'load' ? stay(queue) : leave(queue));
    }
  }

  /** A model that could not be loaded is tried again. */
  async function stay(queue: string): Promise<void> {
    const model = models.of(queue);
    if (model !== undefined) model.keepMs = keepMsOf(model.found);
    await load(queue);
  }

  /** The model is unloaded after its running jobs have ended. Applies to pinned models too. */
  function leave(queue: string): void {
    const model = models.of(queue);
    if (model !== undefined) model.keepMs = 0;
  }

  async function unloadIdle(): Promise<void> {
    for (const { queue } of models.all()) {
      if (!isIdle(queue) || (await isNeeded(queue)) || !isIdle(queue)) continue;
      const { keepMs, found } = models.of(queue)!;
      models.unload(queue, keepMs < keepMsOf(found) ? 'asked' : 'idle');
    }
  }

  /** Looks at the model again, because it may have changed during a wait. */
  function isIdle(queue: string): boolean {
    const model = models.of(queue);
    return model?.state.is === 'serving' && unusedMs(model) >= Math.max(model.keepMs, BETWEEN_BLOCKS_MS);
  }

  function unusedMs(model: ServedModel): number {
    if (inUse(model.queue)) model.lastUsed = now();
    return now() - model.lastUsed;
  }

  /**
   * A replaced model leaves the lanes when nobody needs it. It does not wait for a successor: there may be none, or it may
   * fail to load, and new jobs do not get the replaced model anyway.
   */
  async function retireReplaced(): Promise<void> {
    for (const { queue } of models.all()) {
      if (!isLeftOver(queue) || (await isNeeded(queue)) || !isLeftOver(queue)) continue;
      models.retire(queue);
    }
  }

  /** Looks at the model again, because it may have changed during a wait. */
  function isLeftOver(queue: string): boolean {
    const model = models.of(queue);
    return model?.state.is === 'replaced' && unusedMs(model) >= RETIRE_MS;
  }

  /** Needed because messages may be lost, and because a worker that died may have left blocks behind. */
  async function wakeNeeded(): Promise<void> {
    for (const { queue, state } of models.all()) {
      if (state.is !== 'unloaded') continue;
      if (await isNeeded(queue)) {
        await wake(queue);
      } else {
        waiting.delete(queue);
        models.wait(queue, null);
      }
    }
  }

  /** Other models are not unloaded for it, because it may fail again. */
  function retryFailed(): void {
    for (const queue of failedModels.due(models.all())) {
      if (orders.get(queue)?.order === 'unload') continue;
      lastWake = lastWake.then(() => retry(queue)).catch(failed);
    }
  }

  function retry(queue: string): void {
    const model = models.of(queue);
    if (model?.state.is === 'failed' && deps.isAllowed(model) && room.fits(model)) models.wake(queue);
  }

  /** Makes all checks once. */
  async function round(): Promise<void> {
    await retireReplaced();
    await followOrders();
    await unloadIdle();
    await wakeNeeded();
    retryFailed();
    await lastWake;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await round().catch(failed);
      await alarm.wait(SWEEP_MS, stopping.signal);
    }
  }

  return {
    /** Whether a model that has just been found is loaded at once. */
    loadsAtOnce: (model: ServedModel): boolean =>
      orders.get(model.queue)?.order !== 'unload' && room.fits(model),
    /** A block or a sample waits for the model. Does nothing unless the model is unloaded. */
    wake,
    /** An order may have changed. */
    ring: (): void => alarm.ring(),
    round,
    start: (): void => void run(),
    /** Does not wait for Redis, which may be unavailable. */
    stop: (): void => stopping.abort(),
  };
}
