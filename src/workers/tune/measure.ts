/**
 * Measures one configuration for real: its lanes, the model, the sample's rows, fed as the batcher feeds them.
 * Running out of memory, or not running at all, is a result.
 */
import { performance } from 'node:perf_hooks';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import type { ModelFolder } from '../../shared/models/model-folder.ts';
import type { LaneSettings, Measurement } from '../../shared/profiles/profile.ts';
import { formatBytes } from '../../shared/text/bytes.ts';
import type { RowLimits } from '../../shared/files/row-limits.ts';
import type { LaneInput, ModelInfo } from '../lane/messages.ts';
import type { BatchResult } from '../lane-pool/lane-handle.ts';
import { isHopeless } from './duel.ts';
import { watchMemory } from './lane-memory.ts';
import { startLaneSet, type LaneSet } from './lane-set.ts';
import { createLaneStore } from './lane-store.ts';
import { paceOf, type Completion } from './pace.ts';

/** As the lane pool: one executing, one being decoded, one in the channel. */
const BATCHES_PER_LANE = 3;
/** Of the time of a full measurement, and a batch a lane, before anything counts: caches fill. */
const WARM_UP = 0.1;
/** In lanes that have just begun, before anything counts: code is compiled, arenas grow. */
const COLD_MS = 400;
/** Longer than any lane takes to its first batch that is not slow itself. */
const NOTHING_YET_MS = 2_000;
/** When a configuration that cannot win is left, as a share of the measured time. */
const FIRST_LOOK = 0.25;
/** Batches a lane must have ended for a first look, and for a measurement. */
const LEAST_AT_LOOK = 2;
const LEAST_AT_END = 3;
/** A batch may take longer than the time of a full measurement; so many times it, then what is there must do. */
const PATIENCE = 8;

export interface MeasureHow {
  /** A rate; what clearly stays below it is left early. */
  readonly bar: number | null;
  /** Of the time of a full measurement. */
  readonly share: number;
}

interface Pace {
  readonly rate: number;
  readonly error: number;
  readonly stoppedEarly: boolean;
}

export type Taken = Pick<Measurement, 'outcome' | 'message'> & {
  readonly rate: number | null;
  readonly error: number;
  readonly stoppedEarly: boolean;
  readonly peakBytes: number | null;
};

export type Meter = ReturnType<typeof createMeter>;

export function createMeter(deps: {
  folder: ModelFolder;
  limits: RowLimits;
  rows: readonly LaneInput[];
  /** Of a full measurement. */
  seconds: number;
  memoryLimitBytes: number;
}) {
  const { rows, memoryLimitBytes } = deps;
  const fullMs = deps.seconds * 1000;
  const store = createLaneStore((settings) => startLaneSet(deps.folder, deps.limits, settings));
  let cursor = 0;

  function nextRows(count: number): LaneInput[] {
    return Array.from({ length: count }, () => rows[cursor++ % rows.length]!);
  }

  /** Throws a ForebayError where the model itself is wrong: no configuration would change that. */
  async function measure(settings: LaneSettings, how: MeasureHow): Promise<Taken> {
    const set = await store.get(settings);
    const wasUsed = set.used;
    let over: number | null = null;
    const memory = watchMemory({
      pids: set.pids,
      idle: () => store.idle(set).flatMap(({ pids }) => pids()),
      limit: memoryLimitBytes,
      onCrowded: () => void store.dropIdle(set),
      onOver: (bytes) => {
        over = bytes;
        set.kill();
      },
    });
    try {
      await set.loaded;
      const warmMs = fullMs * WARM_UP + (wasUsed ? 0 : COLD_MS);
      set.used = true;
      const taken = await feed(set, settings, { bar: how.bar, windowMs: fullMs * how.share, warmMs });
      return { ...taken, outcome: 'measured', message: null, peakBytes: memory.peak() };
    } catch (error) {
      await store.drop(set);
      if (error instanceof ForebayError && isModelsFault(error)) throw error;
      // What an earlier, larger batch left behind, or idle lanes hold, is not this configuration's.
      const beside = store.idle(set).length > 0;
      if (wasUsed || (over === null && beside)) {
        await store.dropIdle(set);
        return await measure(settings, how);
      }
      const ran = over === null ? null : overText(over, memoryLimitBytes);
      const message = ran ?? messageOf(error);
      const outcome = ran !== null || looksLikeMemory(message) ? 'out_of_memory' : 'failed';
      const peakBytes = over ?? memory.peak();
      return { outcome, message, rate: null, error: 0, stoppedEarly: false, peakBytes };
    } finally {
      memory.stop();
    }
  }

  async function feed(
    set: LaneSet,
    { lanes, batch_size }: LaneSettings,
    { bar, windowMs, warmMs }: { bar: number | null; windowMs: number; warmMs: number },
  ): Promise<Pace> {
    const begun = performance.now();
    const cold = new Set(set.lanes.keys());
    let warmAt: number | null = null;
    let rowsDone = 0;
    const completions: Completion[] = [];
    const over = createEnding<Pace>();

    function judge(): void {
      const now = performance.now();
      const pace = paceOf(completions, lanes);
      const late = now - (warmAt ?? begun + NOTHING_YET_MS) > fullMs * PATIENCE;
      if (pace === null || warmAt === null) {
        // Were all batches in flight to end now, it could still not be faster than this.
        const waited = now - begun - NOTHING_YET_MS;
        const most = ((rowsDone + lanes * BATCHES_PER_LANE * batch_size) * 1000) / Math.max(1, waited);
        if ((bar !== null && waited > windowMs && most < bar) || late) {
          over.end({ rate: (rowsDone * 1000) / (now - begun), error: 0.3, stoppedEarly: true });
        }
        return;
      }
      const { rate, error, intervals } = pace;
      const measured = now - warmAt;
      if (measured >= windowMs * FIRST_LOOK && intervals >= LEAST_AT_LOOK && isHopeless(pace, bar)) {
        over.end({ rate, error, stoppedEarly: true });
      } else if ((measured >= windowMs && intervals >= LEAST_AT_END) || late) {
        over.end({ rate, error, stoppedEarly: false });
      }
    }

    async function keepBusy(lane: number): Promise<void> {
      while (!over.ended) {
        const batch = nextRows(batch_size);
        checkRan(await set.run(lane, batch));
        const at = performance.now();
        rowsDone += batch.length;
        cold.delete(lane);
        if (cold.size === 0 && at - begun >= warmMs) {
          warmAt ??= at;
          completions.push({ lane, at, rows: batch.length });
        }
        judge();
      }
    }

    const feeders = Array.from({ length: lanes * BATCHES_PER_LANE }, async (_, i) =>
      keepBusy(i % lanes).catch((error: unknown) => over.fail(error)),
    );
    // A batch may take longer than everything: looking does not wait for one.
    const looking = setInterval(judge, Math.max(50, windowMs / 10));
    try {
      const pace = await over.promise;
      await drain(set, feeders, completions);
      return pace;
    } finally {
      clearInterval(looking);
    }
  }

  /** What is in flight would disturb the next measurement; where it is much, new lanes are quicker. */
  async function drain(
    set: LaneSet,
    flying: readonly Promise<unknown>[],
    completions: readonly Completion[],
  ): Promise<void> {
    const last = completions.at(-1);
    const before = completions.findLast((done) => done.lane === last?.lane && done !== last);
    const batchMs = last && before ? last.at - before.at : Infinity;
    const startMs = (set.startMs ?? 0) + COLD_MS;
    if (batchMs * BATCHES_PER_LANE > startMs) await store.drop(set);
    await Promise.all(flying);
  }

  return {
    measure,
    end: async () => store.end(),
    /** Once, before everything else: what the graph says. Throws a ForebayError where it does not load. */
    async inspect(settings: LaneSettings): Promise<ModelInfo> {
      return (await store.get(settings)).loaded;
    },
    /** Now, when the process ends. */
    kill: () => store.kill(),
  };
}

/** The first word counts. */
function createEnding<T>() {
  let settle: { resolve: (value: T) => void; reject: (error: unknown) => void };
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  promise.catch(() => undefined);
  const ending = {
    promise,
    ended: false,
    end(value: T): void {
      ending.ended = true;
      settle.resolve(value);
    },
    fail(error: unknown): void {
      ending.ended = true;
      settle.reject(error);
    },
  };
  return ending;
}

/** A whole batch that the runtime refused is no row's fault. */
function checkRan({ outcomes }: BatchResult): void {
  const first = outcomes[0];
  if (first === undefined || first.ok) return;
  const refused = outcomes.every((row) => !row.ok && row.error.code === 'inference_failed');
  if (refused) throw new Error(first.error.message);
}

function isModelsFault({ code }: ForebayError): boolean {
  return code === 'config_mismatch' || code === 'invalid_model_config' || code === 'model_not_found';
}

/** Lanes that the kernel killed, and what runtimes say of memory. */
function looksLikeMemory(message: string): boolean {
  return /SIGKILL|SIGABRT|bad_alloc|ENOMEM|out of memory|allocate memory|memory allocation/i.test(message);
}

function overText(bytes: number, limit: number): string {
  return `the lanes held ${formatBytes(bytes)}; the limit is ${formatBytes(limit)}`;
}
