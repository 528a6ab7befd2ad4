/** The worker's lanes: which models they hold, and where a batch may go. Knows nothing of rows or blocks. */
import type { MemoryLevel } from '../../shared/domain/memory-level.ts';
import { InvariantError, type ForebayError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/observe/logger.ts';
import type { BatchResult, DeathCause, Lane } from './lane-handle.ts';
import { createLaneSlot, type BatchTo, type LaneSlot } from './lane-slot.ts';
import { mayPass, type LoadOutcome } from './load-outcome.ts';
import type { ResidentModel } from './pool-model.ts';

/**
 * One executing, one being decoded, and one on its way, not yet touched: a lane that has finished a batch must
 * find the next but one in its channel, to begin decoding it before it enters the next blocking call.
 */
export const BATCHES_PER_LANE = 3;
/** A lane that dies while it loads a model may do so for want of memory, which the other lanes took to load it. */
const LOAD_TRIES = 3;

/**
 * Where to: to a lane that may have others, to an empty one, to an empty one that gets no other meanwhile, or to one
 * while no lane has any other.
 */
export type SendHow = 'prefetch' | 'empty' | 'alone' | 'only';

/** A lane that runs. */
export interface LaneView {
  readonly index: number;
  readonly pid: number;
  /** In it now, and finished since its start. */
  readonly batches: number;
  readonly done: number;
  readonly draining: boolean;
  /** Memory of its own right after it had loaded its models, bytes; 0 before, or where the system does not tell. */
  readonly loadedBytes: number;
}

export interface LanePool {
  readonly size: number;
  /** Lanes that run. */
  views(): LaneView[];
  /** How near the worker is to its memory limit: from `slow` on a lane gets one batch at a time. */
  memory: MemoryLevel;
  /** Whether any batch is in a lane. */
  readonly busy: boolean;
  /** Lanes that hold the model now. */
  lanesOf(model: string): number;
  /** Places for batches of the model that are free now. */
  freeSlots(model: string): number;
  /** Sends the batch if a lane has room for it; null if none has. */
  send(batch: BatchTo, how: SendHow): Promise<BatchResult> | null;
  /** Called when a place has become free or a lane has come back. */
  onFree(listener: () => void): void;
  /**
   * Makes a model resident in its lanes: in parallel, or one by one where they serve others meanwhile. The first lane's word
   * counts.
   */
  load(model: ResidentModel): Promise<LoadOutcome>;
  /** Takes a model out of the lanes. The caller sees to it that no batch of it is in one. */
  unload(model: string): void;
  /** Ends a lane now; it is started again. */
  kill(index: number, why: DeathCause): void;
  /** Restarts a lane once its batches have finished. */
  recycle(index: number): void;
  close(): Promise<void>;
  /** Ends all lanes now, for good. */
  killAll(): void;
}

export function createLanePool(deps: {
  size: number;
  startLane: (index: number) => Lane;
  log: Logger;
}): LanePool {
  const { size, startLane, log } = deps;
  const resident = new Map<string, ResidentModel>();
  let freed = () => {};
  let memory: MemoryLevel = 'normal';
  /** A batch is in a lane that must be the only one. */
  let only = false;
  let sent = 0;
  /** Order of sending: among lanes with equally much to do the one that has waited longest is next. */
  const lastSent = Array.from({ length: size }, () => 0);
  const slots: readonly LaneSlot[] = Array.from({ length: size }, (_, index) =>
    createLaneSlot({ index, startLane, log, onFree: () => freed(), onGivenUp: givenUp }),
  );

  /** A lane is without the model from now on; the others may still have it. */
  function givenUp(model: ResidentModel, why: ForebayError): void {
    const key = model.load.model;
    if (resident.get(key) !== model || slots.some((slot) => slot.holds(key) || slot.keeps(key))) return;
    resident.delete(key);
    model.onLost?.(why);
  }

  const perLane = () => (memory === 'normal' ? BATCHES_PER_LANE : 1);
  const isBusy = () => slots.some((slot) => slot.batches > 0);

  function choose(model: string, how: SendHow): LaneSlot | null {
    if (only || (how === 'only' && isBusy())) return null;
    const most = how === 'prefetch' ? perLane() : 1;
    let best: LaneSlot | null = null;
    for (const slot of slots) {
      if (slot.batches >= most || !slot.takes(model)) continue;
      const less = best ? slot.batches - best.batches || lastSent[slot.index]! - lastSent[best.index]! : -1;
      if (less < 0) best = slot;
    }
    return best;
  }

  async function loadInto(chosen: readonly LaneSlot[], model: ResidentModel): Promise<LoadOutcome[]> {
    if (!slots.some((slot) => slot.holdsAny))
      return Promise.all(chosen.map(async (slot, i) => slot.load(model, i === 0)));
    const outcomes: LoadOutcome[] = [];
    for (const [i, slot] of chosen.entries()) {
      const outcome = await slot.load(model, i === 0);
      outcomes.push(outcome);
      if (!outcome.ok && !mayPass(outcome)) break;
    }
    return outcomes;
  }

  /** After a load at the same time as other lanes': again, by itself, where the lane died of it. */
  async function insist(slot: LaneSlot, model: ResidentModel, first: LoadOutcome): Promise<LoadOutcome> {
    let outcome = first;
    for (let tries = 1; tries < LOAD_TRIES && !outcome.ok && mayPass(outcome); tries++) {
      outcome = await slot.load(model, slot.index === 0);
    }
    return outcome;
  }

  return {
    size,
    views: () =>
      slots.flatMap(({ index, pid, batches, done, draining, loadedBytes }) =>
        pid === null ? [] : [{ index, pid, batches, done, draining, loadedBytes }],
      ),
    get memory() {
      return memory;
    },
    set memory(level) {
      memory = level;
      freed();
    },
    get busy() {
      return isBusy();
    },
    lanesOf: (model) => slots.filter((slot) => slot.holds(model)).length,
    freeSlots: (model) =>
      slots.reduce(
        (free, slot) => (slot.takes(model) ? free + Math.max(0, perLane() - slot.batches) : free),
        0,
      ),
    onFree(listener) {
      freed = listener;
    },

    send(batch, how) {
      const slot = choose(batch.model, how);
      if (!slot) return null;
      const model = resident.get(batch.model);
      if (model === undefined)
        throw new InvariantError(`a batch for "${batch.model}", which is not resident`);
      lastSent[slot.index] = ++sent;
      only = how === 'only';
      return slot.run(batch, model.timeoutMs, how === 'alone').finally(() => {
        only = false;
        // After the caller has seen the result.
        setImmediate(freed);
      });
    },

    async load(model) {
      const key = model.load.model;
      const chosen = slots.slice(0, model.lanes);
      const outcomes = await loadInto(chosen, model);
      for (const [i, outcome] of outcomes.entries()) {
        outcomes[i] = await insist(chosen[i]!, model, outcome);
      }
      const failed = outcomes.find((o) => !o.ok);
      if (failed) for (const slot of chosen) slot.drop(key);
      else {
        resident.set(key, model);
        for (const slot of chosen) slot.keep(model);
      }
      freed();
      return failed ?? outcomes[0]!;
    },
    unload(key) {
      resident.delete(key);
      for (const slot of slots) slot.drop(key);
    },

    kill(index, why) {
      slots[index]?.kill(why);
    },
    recycle(index) {
      slots[index]?.recycle();
    },
    async close() {
      await Promise.all(slots.map(async (slot) => slot.close()));
    },
    killAll() {
      for (const slot of slots) slot.killForGood();
    },
  };
}
