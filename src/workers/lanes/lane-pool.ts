/**
 * The worker's lanes: starts them, makes models resident in each, starts a lane again when it dies, and says
 * where a batch may go. Knows nothing of rows or blocks.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { BatchRequest, LoadRequest, ModelInfo } from '../lane/messages.ts';
import type { Logger } from '../../shared/observe/logger.ts';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { LaneDied, type BatchResult, type Lane } from './lane.ts';
import { createRunClock, type RunClock } from './run-clock.ts';

/** A model to keep resident, and in how many lanes. */
export interface ResidentModel {
  readonly load: Omit<LoadRequest, 'type'>;
  readonly lanes: number;
  /** Longest that a lane may be at work on one batch before it is killed. */
  readonly timeoutMs: number;
  /** Whether its files are still those that its queue stands for. */
  readonly unchanged: () => Promise<boolean>;
}

/**
 * One executing, one being decoded, and one on its way, not yet touched: a lane that has finished a batch must
 * find the next but one in its channel, to begin decoding it before it enters the next blocking call.
 */
export const BATCHES_PER_LANE = 3;
const RESTART_MIN_MS = 100;
const RESTART_MAX_MS = 10_000;
/** A lane that lived this long restarts without waiting. */
const HEALTHY_MS = 5_000;

interface Slot {
  readonly index: number;
  lane: Lane | null;
  readonly models: Set<string>;
  readonly clock: RunClock;
  batches: number;
  /** A batch that must be alone in the lane is in it. */
  exclusive: boolean;
  startedAt: number;
  /** Order of sending: among lanes with equally much to do the one that has waited longest is next. */
  lastSent: number;
  backoffMs: number;
}

export type BatchTo = Omit<BatchRequest, 'type' | 'batch'>;
export type LoadOutcome =
  | { readonly ok: true; readonly info: ModelInfo }
  | { readonly ok: false; readonly error: ForebayError };

export interface LanePool {
  readonly size: number;
  /** Processes of the lanes that run. */
  pids(): number[];
  /** Lanes that hold the model now. */
  lanesOf(model: string): number;
  /** Places for batches of the model that are free now. */
  freePlaces(model: string): number;
  /** Sends the batch if a lane has room for it; null if none has. `alone`: only to an empty lane. */
  send(batch: BatchTo, how: 'prefetch' | 'empty' | 'alone'): Promise<BatchResult> | null;
  /** Called when a place has become free or a lane has come back. */
  onFree(listener: () => void): void;
  /** Makes a model resident in its lanes, in parallel. The first lane's word counts. */
  load(model: ResidentModel): Promise<LoadOutcome>;
  close(): Promise<void>;
  kill(): void;
}

export function createLanePool(deps: {
  size: number;
  startLane: (index: number) => Lane;
  log: Logger;
}): LanePool {
  const { size, log } = deps;
  const resident: ResidentModel[] = [];
  let freed = () => {};
  let closing = false;
  let sent = 0;
  const slots: Slot[] = Array.from({ length: size }, (_, index) => ({
    index,
    lane: null,
    models: new Set(),
    clock: createRunClock(() => timedOut(index)),
    batches: 0,
    exclusive: false,
    startedAt: 0,
    lastSent: 0,
    backoffMs: RESTART_MIN_MS,
  }));
  for (const slot of slots) start(slot);

  function timedOut(index: number): void {
    log.error({ lane: index }, 'a batch takes longer than its model may: the lane is killed');
    slots[index]!.lane?.kill('timed_out');
  }

  function start(slot: Slot): void {
    const lane = deps.startLane(slot.index);
    slot.lane = lane;
    slot.startedAt = performance.now();
    void lane.exited.then(async ({ code, signal }) => {
      slot.lane = null;
      slot.models.clear();
      if (closing) return;
      const lived = performance.now() - slot.startedAt;
      slot.backoffMs = lived > HEALTHY_MS ? RESTART_MIN_MS : Math.min(RESTART_MAX_MS, slot.backoffMs * 2);
      log.warn(
        { lane: slot.index, code, signal, lived_ms: Math.round(lived) },
        'lane died, starting it again',
      );
      if (lived <= HEALTHY_MS) await delay(slot.backoffMs, undefined, { ref: false });
      if (closing) return;
      start(slot);
      for (const model of resident) if (slot.index < model.lanes) void loadAgain(slot, model);
    });
  }

  /** Into a lane that was started again: what kept it from loading may pass (memory, a file being copied). */
  async function loadAgain(slot: Slot, model: ResidentModel): Promise<void> {
    const { lane } = slot;
    for (
      let wait = RESTART_MIN_MS;
      !closing && slot.lane === lane;
      wait = Math.min(RESTART_MAX_MS, wait * 2)
    ) {
      if (!(await model.unchanged().catch(() => false))) {
        const { name } = model.load.contract;
        log.error(
          { lane: slot.index, model: name },
          'model files have changed: start the worker again to serve them',
        );
      } else if ((await loadInto(slot, model)).ok) {
        freed();
        return;
      }
      await delay(wait, undefined, { ref: false });
    }
  }

  /** Probed is once, in the first lane: what it finds holds for all. */
  async function loadInto(slot: Slot, model: ResidentModel, mayProbe = false): Promise<LoadOutcome> {
    const { lane } = slot;
    const { probe, ...load } = model.load;
    try {
      if (!lane) throw new LaneDied(`lane ${slot.index} is not running`, false);
      const info = await lane.load(mayProbe && probe ? { ...load, probe } : load);
      if (slot.lane === lane) slot.models.add(model.load.model);
      return { ok: true, info };
    } catch (error) {
      const failure =
        error instanceof ForebayError
          ? error
          : new ForebayError('model_load_failed', `Loading the model ended its lane: ${messageOf(error)}`, {
              cause: error,
            });
      log.error({ lane: slot.index, model: model.load.contract.name, code: failure.code }, failure.message);
      return { ok: false, error: failure };
    }
  }

  function choose(model: string, how: 'prefetch' | 'empty' | 'alone'): Slot | null {
    const most = how === 'prefetch' ? BATCHES_PER_LANE : 1;
    let best: Slot | null = null;
    for (const slot of slots) {
      if (!slot.lane || slot.exclusive || slot.batches >= most || !slot.models.has(model)) continue;
      const less = best ? slot.batches - best.batches || slot.lastSent - best.lastSent : -1;
      if (less < 0) best = slot;
    }
    return best;
  }

  return {
    size,
    pids: () => slots.flatMap(({ lane }) => lane?.pid ?? []),
    lanesOf: (model) => slots.filter((slot) => slot.models.has(model)).length,
    freePlaces: (model) =>
      slots.reduce((free, slot) => {
        const open = slot.lane && !slot.exclusive && slot.models.has(model);
        return open ? free + BATCHES_PER_LANE - slot.batches : free;
      }, 0),
    onFree(listener) {
      freed = listener;
    },

    send(batch, how) {
      const slot = choose(batch.model, how);
      if (!slot?.lane) return null;
      slot.batches += 1;
      slot.lastSent = ++sent;
      slot.exclusive = how === 'alone';
      const timeoutMs = resident.find((model) => model.load.model === batch.model)!.timeoutMs;
      const ended = slot.clock.start(timeoutMs);
      return slot.lane.run(batch).finally(() => {
        ended();
        slot.batches -= 1;
        slot.exclusive = false;
        // After the caller has seen the result.
        setImmediate(freed);
      });
    },

    async load(model) {
      resident.push(model);
      const chosen = slots.slice(0, model.lanes);
      const outcomes = await Promise.all(chosen.map((slot, i) => loadInto(slot, model, i === 0)));
      const failed = outcomes.find((o) => !o.ok);
      if (failed) resident.splice(resident.indexOf(model), 1);
      freed();
      return failed ?? outcomes[0]!;
    },

    async close() {
      closing = true;
      await Promise.all(slots.map(async (slot) => slot.lane?.close()));
    },
    kill() {
      closing = true;
      for (const slot of slots) slot.lane?.kill();
    },
  };
}
