/**
 * The worker's lanes: starts them, makes models resident in each, starts a lane again when it dies, and says
 * where a batch may go. Knows nothing of rows or blocks.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { BatchRequest, LoadRequest, ModelInfo } from '../lane/messages.ts';
import type { Logger } from '../../shared/observe/logger.ts';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import type { MemoryLevel } from '../../shared/domain/memory-level.ts';
import { processMemory } from '../process-memory.ts';
import { LaneDied, type BatchResult, type DeathCause, type Lane } from './lane.ts';
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
/** A lane that dies while it loads a model may do so for want of memory, which the other lanes took to load it. */
const LOAD_TRIES = 3;
/** For a lane that is empty to close; then it is killed. */
const CLOSE_MS = 10_000;

interface Slot {
  readonly index: number;
  lane: Lane | null;
  readonly models: Set<string>;
  readonly clock: RunClock;
  batches: number;
  /** Batches finished since the lane's start. */
  done: number;
  /** Gets no more batches; ends when it has none, and is started again. */
  draining: boolean;
  /** What the lane held right after it had loaded a model. */
  loadedBytes: number;
  /** A batch that must be alone in the lane is in it. */
  exclusive: boolean;
  startedAt: number;
  /** Order of sending: among lanes with equally much to do the one that has waited longest is next. */
  lastSent: number;
  backoffMs: number;
}

/**
 * Where to: to a lane that may have others, to an empty one, to an empty one that gets no other meanwhile, or to one
 * while no lane has any other.
 */
export type SendHow = 'prefetch' | 'empty' | 'alone' | 'only';

export type BatchTo = Omit<BatchRequest, 'type' | 'batch'>;
export type LoadOutcome =
  | { readonly ok: true; readonly info: ModelInfo }
  | { readonly ok: false; readonly error: ForebayError };

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
  freePlaces(model: string): number;
  /** Sends the batch if a lane has room for it; null if none has. */
  send(batch: BatchTo, how: SendHow): Promise<BatchResult> | null;
  /** Called when a place has become free or a lane has come back. */
  onFree(listener: () => void): void;
  /** Makes a model resident in its lanes, in parallel. The first lane's word counts. */
  load(model: ResidentModel): Promise<LoadOutcome>;
  /** Ends a lane now; it is started again. */
  kill(index: number, why: DeathCause): void;
  /** Starts a lane again when the batches in it are done: it has none taken away. */
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
  const { size, log } = deps;
  const resident: ResidentModel[] = [];
  let freed = () => {};
  let closing = false;
  let sent = 0;
  let memory: MemoryLevel = 'normal';
  /** A batch is in a lane that must be the only one. */
  let only = false;
  const slots: Slot[] = Array.from({ length: size }, (_, index) => ({
    index,
    lane: null,
    models: new Set(),
    clock: createRunClock(() => timedOut(index)),
    batches: 0,
    done: 0,
    draining: false,
    loadedBytes: 0,
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
    slot.done = 0;
    slot.loadedBytes = 0;
    void lane.exited.then(async ({ code, signal }) => {
      const wanted = slot.draining && signal === null;
      slot.lane = null;
      slot.draining = false;
      slot.models.clear();
      if (closing) return;
      const lived = Math.round(performance.now() - slot.startedAt);
      if (wanted) log.info({ lane: slot.index, lived_ms: lived }, 'lane ended as planned, starting it again');
      else log.warn({ lane: slot.index, code, signal, lived_ms: lived }, 'lane died, starting it again');
      if (!wanted) {
        slot.backoffMs = lived > HEALTHY_MS ? RESTART_MIN_MS : Math.min(RESTART_MAX_MS, slot.backoffMs * 2);
        if (lived <= HEALTHY_MS) await delay(slot.backoffMs, undefined, { ref: false });
      }
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
      if (slot.lane === lane) {
        slot.models.add(model.load.model);
        slot.loadedBytes = (lane.pid === null ? null : processMemory(lane.pid))?.own ?? 0;
      }
      return { ok: true, info };
    } catch (error) {
      const failure =
        error instanceof ForebayError
          ? error
          : new ForebayError('model_load_failed', `Loading the model ended its lane: ${describe(error)}`, {
              cause: error,
            });
      log.error({ lane: slot.index, model: model.load.contract.name, code: failure.code }, failure.message);
      return { ok: false, error: failure };
    }
  }

  /** After a load at the same time as other lanes': again, by itself, where the lane died of it. */
  async function insist(slot: Slot, model: ResidentModel, first: LoadOutcome): Promise<LoadOutcome> {
    let outcome = first;
    for (let tries = 1; tries < LOAD_TRIES && !outcome.ok; tries++) {
      if (!(outcome.error.cause instanceof LaneDied)) break;
      await running(slot);
      outcome = await loadInto(slot, model, slot.index === 0);
    }
    return outcome;
  }

  /** Until the lane has been started again; not for ever. */
  async function running({ index }: Slot): Promise<void> {
    for (let waited = 0; waited < RESTART_MAX_MS && !closing; waited += RESTART_MIN_MS) {
      if (slots[index]!.lane?.pid) return;
      await delay(RESTART_MIN_MS, undefined, { ref: false });
    }
  }

  const perLane = () => (memory === 'normal' ? BATCHES_PER_LANE : 1);

  /** A lane without a batch that is to start again. */
  function closeDrained(slot: Slot): void {
    const { lane } = slot;
    if (!lane) return;
    const timer = setTimeout(() => lane.kill(), CLOSE_MS);
    void lane.close().then(() => clearTimeout(timer));
  }

  const isBusy = () => slots.some((slot) => slot.batches > 0);

  function choose(model: string, how: SendHow): Slot | null {
    if (only || (how === 'only' && isBusy())) return null;
    const most = how === 'prefetch' ? perLane() : 1;
    let best: Slot | null = null;
    for (const slot of slots) {
      if (!slot.lane || slot.exclusive || slot.draining || slot.batches >= most || !slot.models.has(model))
        continue;
      const less = best ? slot.batches - best.batches || slot.lastSent - best.lastSent : -1;
      if (less < 0) best = slot;
    }
    return best;
  }

  return {
    size,
    views: () =>
      slots.flatMap(({ index, lane, batches, done, draining, loadedBytes }) =>
        lane === null || lane.pid === null
          ? []
          : [{ index, pid: lane.pid, batches, done, draining, loadedBytes }],
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
    lanesOf: (model) => slots.filter((slot) => slot.models.has(model)).length,
    freePlaces: (model) =>
      slots.reduce((free, slot) => {
        const open = slot.lane && !slot.exclusive && !slot.draining && slot.models.has(model);
        return open ? free + Math.max(0, perLane() - slot.batches) : free;
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
      only = how === 'only';
      const timeoutMs = resident.find((model) => model.load.model === batch.model)!.timeoutMs;
      const ended = slot.clock.start(timeoutMs);
      return slot.lane.run(batch).finally(() => {
        ended();
        slot.batches -= 1;
        slot.done += 1;
        slot.exclusive = false;
        only = false;
        if (slot.draining && slot.batches === 0) closeDrained(slot);
        // After the caller has seen the result.
        setImmediate(freed);
      });
    },

    async load(model) {
      const chosen = slots.slice(0, model.lanes);
      await Promise.all(chosen.map(running));
      const outcomes = await Promise.all(chosen.map((slot, i) => loadInto(slot, model, i === 0)));
      for (const [i, slot] of chosen.entries()) outcomes[i] = await insist(slot, model, outcomes[i]!);
      const failed = outcomes.find((o) => !o.ok);
      if (!failed) {
        resident.push(model);
        // One that has died since.
        for (const slot of chosen) {
          if (slot.lane && !slot.models.has(model.load.model)) void loadAgain(slot, model);
        }
      }
      freed();
      return failed ?? outcomes[0]!;
    },

    kill(index, why) {
      slots[index]?.lane?.kill(why);
    },
    recycle(index) {
      const slot = slots[index];
      if (!slot?.lane || slot.draining) return;
      slot.draining = true;
      if (slot.batches === 0) closeDrained(slot);
    },
    async close() {
      closing = true;
      await Promise.all(slots.map(async (slot) => slot.lane?.close()));
    },
    killAll() {
      closing = true;
      for (const slot of slots) slot.lane?.kill();
    },
  };
}

function describe(error: unknown): string {
  const memory = error instanceof LaneDied && error.why === 'out_of_memory';
  return messageOf(error) + (memory ? ' for want of memory' : '');
}
