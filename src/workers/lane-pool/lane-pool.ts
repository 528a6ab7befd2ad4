/** The worker's lanes: which models they hold, and which lane takes a batch. Knows nothing of rows or blocks. */
import type { MemoryLevel } from '../../shared/domain/memory-level.ts';
import { slowest, type SlowCode } from '../../shared/domain/slow-code.ts';
import { InvariantError, type ForebayError } from '../../shared/errors.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { holdsCode } from '../../shared/tasks/pipeline/pipeline-config.ts';
import type { BatchResult, DeathCause, Lane, RunBatch } from './lane-handle.ts';
import { createLaneLoad } from './lane-load.ts';
import { createLaneSlot, type LaneSlot } from './lane-slot.ts';
import type { LaneState } from './lane-state.ts';
import { isWorthRetrying, type LoadOutcome } from './load-outcome.ts';
import type { PooledModel } from './pooled-model.ts';

/**
 * One batch executes, one is decoded, and one waits in the lane's channel. When the first one ends, the third must
 * already be there. Its decoding then starts before the lane blocks on the second.
 */
export const BATCHES_PER_LANE = 3;
/** A lane with so many batches of several model calls takes no further batch. They last until the next one comes. */
const LONG_BATCHES_PER_LANE = 2;
/**
 * Online batches that a lane may have, besides those of blocks: one in the model, and a full one that is decoded
 * meanwhile. A partial one waits for the end of the first, because more rows may join it.
 */
const ONLINE_PER_LANE = { online: 1, full_online: 2 } as const;
/** No batch goes ahead in a lane that has this many batches with the same or a better priority. */
const AHEAD_PER_LANE = 2;
/**
 * How often a load is tried. A lane may die because other lanes that load the model at the same time take the memory.
 */
const LOAD_TRIES = 3;

/**
 * Which lane a batch may go to. `prefetch`: a lane that may have other batches. `partial`: a lane without batches of
 * blocks. For these two, online batches do not count, because they could keep blocks out for ever. `empty`: a lane
 * without batches. `alone`: a lane without batches, which takes no other one meanwhile. `only`: a lane, while no lane
 * has or takes another batch. `online`, `full_online`: a lane with few online batches, however many others it has.
 * `ahead`: a lane that is full of batches, some of them of jobs with a worse priority. The batch goes ahead of those.
 */
export type SendHow =
  | 'prefetch'
  | 'partial'
  | 'empty'
  | 'alone'
  | 'only'
  | 'online'
  | 'full_online'
  | 'ahead';

/** `shared`: every lane takes batches. `single`: one batch runs, and no lane takes another. */
type PoolState = 'shared' | 'single';

/** A lane that runs. */
export interface LaneView {
  readonly index: number;
  readonly pid: number;
  /** Batches that are in it now. */
  readonly batches: number;
  /** Batches finished since its start. */
  readonly done: number;
  readonly state: LaneState['is'];
  /** Its own memory right after it loaded its models, in bytes. 0 before that, or if the system does not report it. */
  readonly loadedBytes: number;
}

export interface LanePool {
  readonly size: number;
  /** Lanes that run. */
  views(): LaneView[];
  /** How near the worker is to its memory limit. From `slow` on, a lane gets one batch at a time. */
  memory: MemoryLevel;
  /** Whether any batch is in a lane. */
  readonly busy: boolean;
  /** Whether a batch of the model is in a lane. */
  isRunning(model: string): boolean;
  /** Number of lanes that hold the model now. */
  lanesOf(model: string): number;
  /** Those of them that do not seem to hang. */
  promptLanesOf(model: string): number;
  /** The code that has kept a lane of the model busy for longest. Null: none for long. */
  slowCodeOf(model: string): SlowCode | null;
  /** Number of lanes that can take batches of the model and have none of a block. */
  emptyLanes(model: string): number;
  /** Number of batches of the model that lanes can take now. */
  freeSlots(model: string): number;
  /** Whether a batch of a job with a worse priority is in a lane. */
  outranked(priority: number): boolean;
  /** Sends the batch if a lane has room for it. Returns null if none has. */
  send(batch: RunBatch, how: SendHow): Promise<BatchResult> | null;
  /** Calls `listener` when a lane can take a batch that it could not take before. */
  onFree(listener: () => void): void;
  /**
   * Makes a model resident in its lanes. They load in parallel, or one by one if they serve other models meanwhile.
   * Resolves to the first lane's information about the model, or to a failure of one lane.
   */
  load(model: PooledModel): Promise<LoadOutcome>;
  /**
   * Removes a model from the lanes, and restarts lanes that then hold no model. The caller ensures that no batch of the
   * model is in a lane.
   */
  unload(model: string): void;
  /** Kills a lane, which is then restarted. */
  kill(index: number, why: DeathCause): void;
  /** Restarts a lane once its batches have finished. */
  recycle(index: number): void;
  close(): Promise<void>;
  /** Kills all lanes permanently. */
  killAll(): void;
}

export function createLanePool(deps: {
  size: number;
  startLane: (index: number) => Lane;
  emit: Emit;
}): LanePool {
  const { size, startLane, emit } = deps;
  const resident = new Map<string, PooledModel>();
  /** By model, the number of its batches that are in lanes. */
  const running = new Map<string, number>();
  let onFree = () => {};
  let memory: MemoryLevel = 'normal';
  let state: PoolState = 'shared';
  let sent = 0;
  /** By lane, the number of its last batch. Of lanes with equally many batches, the one that has waited longest is next. */
  const lastSent = Array.from({ length: size }, () => 0);
  const loads = Array.from({ length: size }, createLaneLoad);
  const loadOf = ({ index }: LaneSlot) => loads[index]!;
  const slots: readonly LaneSlot[] = Array.from({ length: size }, (_, index) =>
    createLaneSlot({ index, startLane, emit, onFree: () => onFree(), onGivenUp: givenUp }),
  );

  /** One lane has given the model up. Others may still have it. */
  function givenUp(model: PooledModel, why: ForebayError): void {
    const key = model.load.model;
    if (resident.get(key) !== model || slots.some((slot) => slot.holds(key) || slot.keeps(key))) return;
    resident.delete(key);
    model.onLost?.(why);
  }

  const perLane = () => (memory === 'normal' ? BATCHES_PER_LANE : 1);
  const ofBlocks = (slot: LaneSlot) => slot.batches - loadOf(slot).online;
  /** How many more batches of blocks the lane can take. */
  const roomIn = (slot: LaneSlot) =>
    loadOf(slot).long >= LONG_BATCHES_PER_LANE ? 0 : Math.max(0, perLane() - ofBlocks(slot));
  const isBusy = () => slots.some((slot) => slot.batches > 0);

  function beginSingle(): void {
    if (state !== 'shared') throw new InvariantError('two batches are marked as the only one');
    state = 'single';
  }

  function endSingle(): void {
    if (state !== 'single')
      throw new InvariantError('a batch ended as the only one, but no batch was marked');
    state = 'shared';
  }

  function countBatch(model: string, more: 1 | -1): void {
    const count = (running.get(model) ?? 0) + more;
    if (count === 0) running.delete(model);
    else running.set(model, count);
  }

  function choose({ model, priority = 0 }: RunBatch, how: SendHow): LaneSlot | null {
    if (state === 'single' || (how === 'only' && isBusy())) return null;
    if (how === 'ahead') return chooseAhead(model, priority);
    if (how === 'online' || how === 'full_online') return chooseOnline(model, ONLINE_PER_LANE[how]);
    const hasRoom = (slot: LaneSlot) => {
      if (how === 'prefetch') return roomIn(slot) > 0;
      return (how === 'partial' ? ofBlocks(slot) : slot.batches) === 0;
    };
    let best: LaneSlot | null = null;
    for (const slot of slots) {
      if (!hasRoom(slot) || !slot.takes(model)) continue;
      const less = best ? slot.batches - best.batches || lastSent[slot.index]! - lastSent[best.index]! : -1;
      if (less < 0) best = slot;
    }
    return best;
  }

  /** The lane that starts the batch soonest: an idle one, else the one that has run its current batch for longest. */
  function chooseOnline(model: string, most: number): LaneSlot | null {
    let best: LaneSlot | null = null;
    for (const slot of slots) {
      const load = loadOf(slot);
      if (load.online >= most || !slot.takes(model) || load.mayHang) continue;
      const less = best
        ? load.online - loadOf(best).online ||
          Math.min(1, slot.batches) - Math.min(1, best.batches) ||
          load.runsSince - loadOf(best).runsSince
        : -1;
      if (less < 0) best = slot;
    }
    return best;
  }

  /** The lane with the fewest batches that run before this one. */
  function chooseAhead(model: string, priority: number): LaneSlot | null {
    if (memory !== 'normal') return null;
    let best: LaneSlot | null = null;
    let fewest = AHEAD_PER_LANE;
    for (const slot of slots) {
      const all = loadOf(slot).priorities;
      const before = all.filter((other) => other <= priority).length;
      if (before >= fewest || before === all.length || !slot.takes(model)) continue;
      best = slot;
      fewest = before;
    }
    return best;
  }

  async function loadInto(chosen: readonly LaneSlot[], model: PooledModel): Promise<LoadOutcome[]> {
    if (!slots.some((slot) => slot.holdsAny))
      return Promise.all(chosen.map(async (slot, i) => slot.load(model, i === 0)));
    const outcomes: LoadOutcome[] = [];
    for (const [i, slot] of chosen.entries()) {
      const outcome = await slot.load(model, i === 0);
      outcomes.push(outcome);
      if (!outcome.ok && !isWorthRetrying(outcome)) break;
    }
    return outcomes;
  }

  /** Loads again, alone, if the lane died while other lanes loaded the model too. */
  async function retryLoad(slot: LaneSlot, model: PooledModel, first: LoadOutcome): Promise<LoadOutcome> {
    let outcome = first;
    for (let tries = 1; tries < LOAD_TRIES && !outcome.ok && isWorthRetrying(outcome); tries++) {
      outcome = await slot.load(model, slot.index === 0);
    }
    return outcome;
  }

  return {
    size,
    views: () =>
      slots.flatMap(({ index, pid, batches, done, state: is, loadedBytes }) =>
        pid === null ? [] : [{ index, pid, batches, done, state: is, loadedBytes }],
      ),
    get memory() {
      return memory;
    },
    set memory(level) {
      memory = level;
      onFree();
    },
    get busy() {
      return isBusy();
    },
    isRunning: (model) => running.has(model),
    lanesOf: (model) => slots.filter((slot) => slot.holds(model)).length,
    promptLanesOf: (model) => slots.filter((slot) => slot.holds(model) && !loadOf(slot).mayHang).length,
    slowCodeOf: (model) =>
      slowest(slots.flatMap((slot) => (slot.holds(model) ? (loadOf(slot).slowCode ?? []) : []))),
    emptyLanes: (model) => slots.filter((slot) => slot.takes(model) && ofBlocks(slot) === 0).length,
    freeSlots: (model) => slots.reduce((free, slot) => (slot.takes(model) ? free + roomIn(slot) : free), 0),
    onFree(listener) {
      onFree = listener;
    },

    outranked: (priority) => loads.some(({ priorities }) => priorities.some((other) => other > priority)),

    send(batch, how) {
      const slot = choose(batch, how);
      if (!slot) return null;
      const model = resident.get(batch.model);
      if (model === undefined)
        throw new InvariantError(`a batch for "${batch.model}", which is not resident`);
      lastSent[slot.index] = ++sent;
      if (how === 'only') beginSingle();
      const of = { isCode: holdsCode(model.load.config), isOnly: slot.batches === 0 };
      const end = loadOf(slot).begin(batch, of);
      countBatch(batch.model, 1);
      let isFinished = false;
      const timed = slot.run(batch, model.timeoutMs, how === 'alone').then((result) => {
        isFinished = true;
        return result;
      });
      return timed.finally(() => {
        end(isFinished);
        if (how === 'only') endSingle();
        countBatch(batch.model, -1);
        // Runs after the caller has seen the result.
        setImmediate(onFree);
      });
    },

    async load(model) {
      const key = model.load.model;
      const chosen = slots.slice(0, model.lanes);
      const outcomes = await loadInto(chosen, model);
      for (const [i, outcome] of outcomes.entries()) {
        outcomes[i] = await retryLoad(chosen[i]!, model, outcome);
      }
      const failed = outcomes.find((o) => !o.ok);
      if (failed) for (const slot of chosen) slot.drop(key);
      else {
        resident.set(key, model);
        for (const slot of chosen) slot.keep(model);
      }
      onFree();
      return failed ?? outcomes[0]!;
    },
    unload(key) {
      resident.delete(key);
      for (const slot of slots) {
        slot.drop(key);
        slot.recycleIfEmpty();
      }
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
