/** Which workers live and what they serve, by heartbeats. */
import type { Redis } from 'ioredis';
import { gravest, type BatchInvariance } from '../domain/batch-invariance.ts';
import type { Choice } from '../domain/choice.ts';
import { stopsIntake, type MemoryLevel } from '../domain/memory-level.ts';
import type { ModelRef } from '../domain/model-config.ts';
import { blockQueueName, indexKeys, WAKE_CHANNELS } from './keys.ts';
import { withCurrentBounds, withCurrentCode } from './older-names.ts';

/** Resident memory of a model in one lane, as measured there. */
export interface ModelMemory {
  readonly modelBytes: number;
  /** What a full batch adds to it. */
  readonly batchBytes: number;
}

/** How a model is run, each number with what bound it. */
export interface ModelSizing {
  /** Of the graph's file. */
  readonly fileBytes: number;
  readonly lanes: Choice;
  readonly threads: Choice;
  readonly batch: Choice;
}

export interface ServedModel {
  readonly ref: ModelRef;
  /** Lanes that hold it. */
  readonly lanes: number;
  readonly batchSize: number;
  /** When its settings were measured by `forebay tune`, ISO 8601; null or absent: formulas and settings. */
  readonly tunedAt?: string | null;
  /** Why it is not served, where it could not be loaded. */
  readonly problem: { readonly code: string; readonly message: string } | null;
  /** It is being loaded and has no lanes yet. Absent from a worker of an older version, like `replaces`. */
  readonly isLoading?: boolean;
  /** Hashes of versions of the same name that the worker has served before it, oldest first. */
  readonly replaces?: readonly string[];
  /** What the graph says: input, output, batch. Null until loaded. */
  readonly graph: unknown;
  /** As probed when it was loaded; null until then. */
  readonly batchInvariance: BatchInvariance | null;
  /** Null: not measured. */
  readonly memory: ModelMemory | null;
  /** Absent while it is not loaded. */
  readonly sizing?: ModelSizing;
}

/** What a worker may use. */
export interface WorkerResources {
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Row bytes it may hold at once. */
  readonly inflightBytes: number;
}

export interface LaneChoices {
  readonly lanes: Choice;
  readonly threads: Choice;
  readonly decodeThreads: Choice;
  readonly batchesPerLane: Choice;
  readonly readsAtOnce: Choice;
}

export interface WorkerInfo {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly pool: string;
  readonly startedAt: number;
  /** Event-loop delay of its main thread since the last heartbeat, 99th percentile, ms. */
  readonly lagP99Ms: number;
  readonly memory: {
    /** Of the worker and its lanes, or of its whole container where that is nearer to its limit; null: not told. */
    readonly rssBytes: number | null;
    /** What that counts against: set for the worker, the container's, or the machine's memory. */
    readonly limitBytes: number;
    /** Absent from a worker of an older version. */
    readonly level?: MemoryLevel;
  };
  /** Rows in flight; `blockedMs`: time since its start during which readers waited for room. */
  readonly inflight: {
    readonly usedBytes: number;
    readonly limitBytes: number;
    readonly blockedMs: number;
  };
  readonly models: readonly ServedModel[];
  /** Absent from a worker of an older version, like `plan`. */
  readonly resources?: WorkerResources;
  readonly plan?: LaneChoices;
}

/** What live workers can do for a model. */
export interface ModelService {
  /** Lanes over all workers that serve it. */
  readonly lanes: number;
  /** Why workers that have it do not serve it; null where one does, or none has it. */
  readonly problem: string | null;
  /** Hashes of other models of its name and pool that workers serve. */
  readonly otherHashes: readonly string[];
  /** Some worker is loading it. */
  readonly isLoading: boolean;
  /** Some worker has served it and found other files in its place. */
  readonly isReplaced: boolean;
  /** All workers that serve it are so short of memory that they take a block only with nothing in hand. */
  readonly memoryFull: boolean;
}

/** Not one that failed, or that is still being loaded. */
export function isLoaded({ problem, isLoading = false }: ServedModel): boolean {
  return problem === null && !isLoading;
}

export type WorkerRegistry = ReturnType<typeof createWorkerRegistry>;

export const BEAT_MS = 2000;
/** A worker unheard for this long counts as gone. */
const GONE_MS = 10_000;

export function createWorkerRegistry(deps: { redis: Redis }) {
  const { redis } = deps;

  /** One clock for all machines. */
  async function redisNow(): Promise<number> {
    const [seconds, microseconds] = await redis.time();
    return Number(seconds) * 1000 + Number(microseconds) / 1000;
  }

  async function live(): Promise<WorkerInfo[]> {
    const since = (await redisNow()) - GONE_MS;
    const gone = await redis.zrangebyscore(indexKeys.beats, '-inf', `(${since}`);
    if (gone.length > 0) {
      await redis
        .multi()
        .zrem(indexKeys.beats, ...gone)
        .hdel(indexKeys.workers, ...gone)
        .exec();
    }
    return (await redis.hvals(indexKeys.workers)).map(readHeartbeat);
  }

  /** What live workers say of a model that they could load. */
  async function healthy(model: ModelRef): Promise<ServedModel[]> {
    const queue = blockQueueName(model);
    return (await live())
      .flatMap((worker) => worker.models)
      .filter((served) => isLoaded(served) && blockQueueName(served.ref) === queue);
  }

  return {
    live,
    /** `announce`: tell waiting feeders at once (a first beat, or models that changed). */
    async beat(worker: WorkerInfo, announce: boolean): Promise<void> {
      const batch = redis
        .multi()
        .hset(indexKeys.workers, worker.id, JSON.stringify(worker))
        .zadd(indexKeys.beats, await redisNow(), worker.id);
      if (announce) batch.publish(WAKE_CHANNELS.workers, '');
      await batch.exec();
    },
    async leave(id: string): Promise<void> {
      await redis
        .multi()
        .zrem(indexKeys.beats, id)
        .hdel(indexKeys.workers, id)
        .publish(WAKE_CHANNELS.workers, '')
        .exec();
    },
    async serviceOf(model: ModelRef): Promise<ModelService> {
      const queue = blockQueueName(model);
      const announced = (await live()).flatMap((worker) =>
        worker.models.map((served) => ({ worker, served, queue: blockQueueName(served.ref) })),
      );
      const mine = announced.filter((a) => a.queue === queue);
      const serving = mine.filter(({ served }) => !served.problem && served.lanes > 0);
      const others = announced.flatMap(({ served }) =>
        served.ref.name === model.name && served.ref.pool === model.pool && served.ref.hash !== model.hash
          ? [served]
          : [],
      );
      return {
        lanes: serving.reduce((lanes, { served }) => lanes + served.lanes, 0),
        problem:
          serving.length > 0
            ? null
            : (mine.find(({ served }) => served.problem)?.served.problem?.message ?? null),
        otherHashes: [...new Set(others.map(({ ref }) => ref.hash))].toSorted(),
        isLoading: mine.some(({ served }) => served.isLoading === true),
        isReplaced: others.some(({ replaces }) => replaces?.includes(model.hash) === true),
        memoryFull: serving.length > 0 && serving.every(({ worker }) => stopsIntake(worker.memory.level)),
      };
    },
    /** Lanes over all live workers that serve a model. */
    async liveLanes(model: ModelRef): Promise<number> {
      return (await healthy(model)).reduce((lanes, served) => lanes + served.lanes, 0);
    },
    /** The gravest verdict of all live workers that serve a model; null where none has one. */
    async batchInvariance(model: ModelRef): Promise<BatchInvariance | null> {
      return gravest((await healthy(model)).map((served) => served.batchInvariance));
    },
  };
}

/** A worker of an older version may still send names that have been renamed. */
function readHeartbeat(text: string): WorkerInfo {
  const worker = JSON.parse(text) as WorkerInfo;
  return {
    ...worker,
    models: worker.models.map((model) => ({
      ...model,
      problem: model.problem && withCurrentCode(model.problem),
      ...(model.sizing && { sizing: withCurrentBounds(model.sizing) }),
    })),
    ...(worker.plan && { plan: withCurrentBounds(worker.plan) }),
  };
}
