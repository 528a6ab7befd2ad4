/**
 * Measures one configuration in real lanes with the model and the sample's rows. Running out of memory, or not running
 * at all, is a result.
 */
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { RowLimits } from '../../../shared/files/row-limits.ts';
import type { ModelFolder } from '../../../shared/models/model-folder.ts';
import type { LaneSettings, Measurement } from '../../../shared/profiles/profile.ts';
import { formatBytes } from '../../../shared/text/bytes.ts';
import { BATCHES_PER_LANE } from '../../lane-pool/lane-pool.ts';
import { loadFailure } from '../../lane-pool/load-outcome.ts';
import type { LaneInput, ModelInfo } from '../../lane/messages.ts';
import { feedLanes } from './feed-lanes.ts';
import { watchMemory } from './lane-memory.ts';
import { startLaneSet, type LaneOptions, type LaneSet } from './lane-set.ts';
import { createLaneStore } from './lane-store.ts';

/** Time before anything counts, as a share of a full measurement, because caches must fill. */
const WARM_UP = 0.1;
/** Additional time for lanes that have just started, because they still compile code and grow arenas. */
const COLD_MS = 400;

export interface MeasureHow {
  /** Rows/s. A measurement that clearly stays below it ends early. */
  readonly bar: number | null;
  /** Share of the time of a full measurement. */
  readonly share: number;
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
  /** The time of a full measurement. */
  seconds: number;
  memoryLimitBytes: number;
  lanes: LaneOptions;
}) {
  const { folder, limits, rows, memoryLimitBytes, lanes } = deps;
  const fullMs = deps.seconds * 1000;
  const store = createLaneStore((settings) => startLaneSet(folder, limits, settings, lanes));
  let cursor = 0;

  function nextRows(count: number): LaneInput[] {
    return Array.from({ length: count }, () => rows[cursor++ % rows.length]!);
  }

  /** Throws a ForebayError if the model itself is wrong, which no configuration would change. */
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
      set.used = true;
      const { rate, error, stoppedEarly, batchMs, idle } = await feedLanes(set, {
        batchSize: settings.batch_size,
        nextRows,
        bar: how.bar,
        warmMs: fullMs * WARM_UP + (wasUsed ? 0 : COLD_MS),
        windowMs: fullMs * how.share,
        fullMs,
      });
      await drain(set, batchMs, idle);
      return { rate, error, stoppedEarly, outcome: 'measured', message: null, peakBytes: memory.peak() };
    } catch (error) {
      await store.drop(set);
      if (error instanceof ForebayError && isModelsFault(error)) throw error;
      // An earlier, larger batch or idle lanes may have taken the memory. Then this configuration is not at fault.
      const beside = store.idle(set).length > 0;
      if (wasUsed || (over === null && beside)) {
        await store.dropIdle(set);
        return await measure(settings, how);
      }
      const tooMuch = over === null ? null : overText(over, memoryLimitBytes);
      const message = tooMuch ?? messageOf(error);
      const outcome = tooMuch !== null || looksLikeMemory(message) ? 'out_of_memory' : 'failed';
      const peakBytes = over ?? memory.peak();
      return { outcome, message, rate: null, error: 0, stoppedEarly: false, peakBytes };
    } finally {
      memory.stop();
    }
  }

  /**
   * Waits for batches in flight, because they would disturb the next measurement. If they take longer than starting new
   * lanes, the lanes are replaced.
   */
  async function drain(set: LaneSet, batchMs: number, idle: Promise<unknown>): Promise<void> {
    const startMs = (set.startMs ?? 0) + COLD_MS;
    if (batchMs * BATCHES_PER_LANE > startMs) await store.drop(set);
    await idle;
  }

  return {
    measure,
    end: async () => store.end(),
    /**
     * The graph's input, output and batch. Call it before everything else. Throws a ForebayError if the graph does not
     * load, or if a lane dies while it loads the graph.
     */
    async inspect(settings: LaneSettings): Promise<ModelInfo> {
      const { loaded } = await store.get(settings);
      return loaded.catch((error: unknown) => {
        throw loadFailure(folder.config.name, error).error;
      });
    },
    /** Kills all lanes. Called when the process ends. */
    kill: () => store.kill(),
  };
}

function isModelsFault({ code }: ForebayError): boolean {
  return code === 'config_mismatch' || code === 'invalid_model_config' || code === 'model_not_found';
}

/** Recognises lanes that the kernel killed, and the memory errors of runtimes. */
function looksLikeMemory(message: string): boolean {
  return /SIGKILL|SIGABRT|bad_alloc|ENOMEM|out of memory|allocate memory|memory allocation/i.test(message);
}

function overText(bytes: number, limit: number): string {
  return `the lanes held ${formatBytes(bytes)}; the limit is ${formatBytes(limit)}`;
}
