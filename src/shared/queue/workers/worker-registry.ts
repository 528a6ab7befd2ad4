/** Which workers are alive and what they serve, by their heartbeats. */
import type { Redis } from 'ioredis';
import { gravest, type BatchInvariance } from '../../domain/model/batch-invariance.ts';
import type { Choice } from '../../domain/choice.ts';
import { isDraining, type IntakeOrder, type IntakeState } from '../../domain/intake-state.ts';
import { stopsIntake, type MemoryLevel } from '../../domain/memory-level.ts';
import type { ModelConfig, ModelRef } from '../../domain/model/model-config.ts';
import type { ModelUse } from '../../domain/model/model-use.ts';
import { slowest, type SlowCode } from '../../domain/slow-code.ts';
import { parseModelName } from '../../models/version-name.ts';
import { blockQueueName, indexKeys, WAKE_CHANNELS } from '../keys.ts';
import { redisNow } from '../redis-now.ts';
import { withCurrentBounds, withCurrentCode } from '../older-names.ts';
import { readOrder } from './intake-orders.ts';
import { refusalOf, type RefusedModel } from './refused-models.ts';

/** Resident memory of a model in one lane, as the lane measured it. */
export interface ModelMemory {
  readonly modelBytes: number;
  /** The additional memory of a full batch. */
  readonly batchBytes: number;
}

/** How a worker runs a model. Each number has the constraint that bound it. */
export interface ModelSizing {
  /** Size of the graph's file. */
  readonly fileBytes: number;
  readonly lanes: Choice;
  readonly threads: Choice;
  readonly batch: Choice;
  /** Most rows that a lane gets at once, of one model call or several. Absent: an older worker. */
  readonly mostRows?: number;
}

export interface ServedModel {
  readonly ref: ModelRef;
  /** Name of its version. Null or absent: it has none. */
  readonly version?: string | null;
  /** Workers of older versions do not send it. They serve only image classification. */
  readonly config?: ModelConfig;
  /** A pipeline that a job gave in its request. Absent: a model of a models folder. */
  readonly inline?: true;
  /** Lanes that have loaded it. */
  readonly lanes: number;
  readonly batchSize: number;
  /** When `forebay tune` measured its settings, ISO 8601. Null or absent: they follow from formulas. */
  readonly tunedAt?: string | null;
  /** Why it could not be loaded. Null: it was loaded, is being loaded, or is unloaded. */
  readonly problem: { readonly code: string; readonly message: string } | null;
  /** It is being loaded and has no lanes yet. Workers of older versions send neither this nor `replaces`. */
  readonly isLoading?: boolean;
  /** No lane holds it now. It is loaded when a block waits for it. Workers of older versions do not send it. */
  readonly isUnloaded?: boolean;
  /** Why an unloaded model that is needed is not being loaded. Null or absent: nothing prevents it. */
  readonly waitsBecause?: string | null;
  /** Hashes of versions of the same name that the worker served before, oldest first. */
  readonly replaces?: readonly string[];
  /** The graph's inputs, outputs and batch. Null until it is loaded. */
  readonly graph: unknown;
  /** Execution providers of its sessions, in order. Absent while it is not loaded, and from workers of older versions. */
  readonly providers?: readonly string[];
  /** The verdict of the probe at its load. Null until then. */
  readonly batchInvariance: BatchInvariance | null;
  /** Null: not measured yet. */
  readonly memory: ModelMemory | null;
  /** Absent while it is not loaded. */
  readonly sizing?: ModelSizing;
  /** Code of users that keeps one of its lanes busy for long, of this or of another model. Absent: none. */
  readonly slowCode?: SlowCode;
  /** Absent before its first batch, and from workers of older versions. */
  readonly use?: ModelUse;
}

/** The resources that a worker may use. */
export interface WorkerResources {
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Maximum bytes of rows that it holds at once. */
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
  /** Delay of its event loop since the last heartbeat, 99th percentile, ms. */
  readonly lagP99Ms: number;
  /** The share of its lanes' time in which they worked, from 0 to 1. Workers of older versions do not send it. */
  readonly busyShare?: number;
  readonly memory: {
    /** Of the worker and its lanes, or of its container, whichever is nearer to its limit. Null: unknown. */
    readonly rssBytes: number | null;
    /** The limit that applies: the worker's setting, the container's limit, or the machine's memory. */
    readonly limitBytes: number;
    /** Workers of older versions do not send it. */
    readonly level?: MemoryLevel;
  };
  /** Rows in flight. `blockedMs`: how long readers have waited for room since the worker's start. */
  readonly inflight: {
    readonly usedBytes: number;
    readonly limitBytes: number;
    readonly blockedMs: number;
  };
  readonly models: readonly ServedModel[];
  /** Absent: none, or an older worker. */
  readonly refused?: readonly RefusedModel[];
  /** Workers of older versions do not send it. They cannot be drained. */
  readonly intake?: IntakeState;
  /** Workers of older versions send neither this nor `plan`. */
  readonly resources?: WorkerResources;
  readonly plan?: LaneChoices;
  /** Id of its body folder. Absent: it has none. */
  readonly bodyFolder?: string;
}

/** How live workers serve a model. */
export interface ModelService {
  /** Lanes of all workers that serve it. */
  readonly lanes: number;
  /** Why a worker cannot serve the model. Null if one serves it or has it unloaded, or if none reports a problem. */
  readonly problem: string | null;
  /** Live workers of its pool, whether they have it or not. */
  readonly poolWorkers: number;
  /** Hashes of other versions of the model that workers of its pool serve. */
  readonly otherHashes: readonly string[];
  /** Some worker is loading it. */
  readonly isLoading: boolean;
  /** Some worker has it unloaded, and loads it when a block waits for it. */
  readonly isUnloaded: boolean;
  /** Why such a worker does not load it now. Null: nothing prevents it. */
  readonly waitsBecause: string | null;
  /** A worker has served it and then found other files in its place. */
  readonly isReplaced: boolean;
  /** Some worker has it, but drains. The other fields leave such workers out. */
  readonly isDraining: boolean;
  /** All workers that serve it are so short of memory that they take a block only when they hold none. */
  readonly memoryFull: boolean;
  /** Code of users that keeps one of its lanes busy, of all workers the longest. Null: none for long. */
  readonly slowCode: SlowCode | null;
  /** Id of the body folder that all workers share that may take its online requests. Null: they share none. */
  readonly bodyFolder: string | null;
}

/** The models for which the worker takes blocks and online requests, or may soon. */
export function offeredModels({ intake, models }: WorkerInfo): readonly ServedModel[] {
  return isDraining(intake) ? [] : models;
}

/** Whether lanes hold the model. */
export function isLoaded(model: ServedModel): boolean {
  return isReady(model) && model.isUnloaded !== true;
}

/** Whether the worker can run blocks of the model, even if it must load it first. */
export function isReady({ problem, isLoading = false }: ServedModel): boolean {
  return problem === null && !isLoading;
}

export type WorkerRegistry = ReturnType<typeof createWorkerRegistry>;

export const BEAT_MS = 2000;
/** A worker without a heartbeat for this long counts as gone. */
const GONE_MS = 10_000;

export function createWorkerRegistry(deps: { redis: Redis }) {
  const { redis } = deps;

  async function live(): Promise<WorkerInfo[]> {
    const since = (await redisNow(redis)) - GONE_MS;
    const gone = await redis.zrangebyscore(indexKeys.beats, '-inf', `(${since}`);
    if (gone.length > 0) {
      await redis
        .multi()
        .zrem(indexKeys.beats, ...gone)
        .hdel(indexKeys.workers, ...gone)
        .hdel(indexKeys.orders, ...gone)
        .exec();
    }
    return (await redis.hvals(indexKeys.workers)).map(readHeartbeat);
  }

  /** The model as announced by each live worker that is ready for it. */
  async function ready(model: ModelRef): Promise<ServedModel[]> {
    const queue = blockQueueName(model);
    return (await live())
      .flatMap(offeredModels)
      .filter((served) => isReady(served) && blockQueueName(served.ref) === queue);
  }

  return {
    live,
    /**
     * `announce`: wakes feeders, for a first heartbeat or changed models. Returns what an operator last asked of the
     * worker.
     */
    async beat(worker: WorkerInfo, announce: boolean): Promise<IntakeOrder | null> {
      const batch = redis
        .multi()
        .hget(indexKeys.orders, worker.id)
        .hset(indexKeys.workers, worker.id, JSON.stringify(worker))
        .zadd(indexKeys.beats, await redisNow(redis), worker.id);
      if (announce) batch.publish(WAKE_CHANNELS.workers, '');
      const [order] = (await batch.exec()) ?? [];
      return readOrder(order?.[1]);
    },
    async leave(id: string): Promise<void> {
      await redis
        .multi()
        .zrem(indexKeys.beats, id)
        .hdel(indexKeys.workers, id)
        .hdel(indexKeys.orders, id)
        .publish(WAKE_CHANNELS.workers, '')
        .exec();
    },
    async serviceOf(model: ModelRef): Promise<ModelService> {
      const queue = blockQueueName(model);
      const workers = await live();
      const isOf = (title: string) => parseModelName(title).name === model.name;
      const announced = workers.flatMap((worker) =>
        offeredModels(worker).map((served) => ({ worker, served, queue: blockQueueName(served.ref) })),
      );
      const mine = announced.filter((a) => a.queue === queue);
      const draining = workers.filter(({ intake }) => isDraining(intake)).flatMap(({ models }) => models);
      const serving = mine.filter(({ served }) => !served.problem && served.lanes > 0);
      const unloaded = mine.filter(({ served }) => served.isUnloaded === true);
      const others = announced.flatMap(({ served }) =>
        served.ref.name === model.name && served.ref.pool === model.pool && served.ref.hash !== model.hash
          ? [served]
          : [],
      );
      return {
        lanes: serving.reduce((lanes, { served }) => lanes + served.lanes, 0),
        problem:
          serving.length > 0 || unloaded.length > 0
            ? null
            : (mine.find(({ served }) => served.problem)?.served.problem?.message ??
              (mine.length === 0 ? refusalOf(workers, model.pool, isOf)?.message : null) ??
              null),
        poolWorkers: workers.filter(({ pool }) => pool === model.pool).length,
        otherHashes: [...new Set(others.map(({ ref }) => ref.hash))].toSorted(),
        isLoading: mine.some(({ served }) => served.isLoading === true),
        isUnloaded: unloaded.length > 0,
        waitsBecause: unloaded.find(({ served }) => served.waitsBecause)?.served.waitsBecause ?? null,
        isReplaced: others.some(({ replaces }) => replaces?.includes(model.hash) === true),
        isDraining: draining.some((served) => isReady(served) && blockQueueName(served.ref) === queue),
        slowCode: slowest(mine.flatMap(({ served }) => served.slowCode ?? [])),
        bodyFolder: onlyOne(mine.map(({ worker }) => worker.bodyFolder)) ?? null,
        memoryFull: serving.length > 0 && serving.every(({ worker }) => stopsIntake(worker.memory.level)),
      };
    },
    /** Lanes of all live workers that serve a model. */
    async liveLanes(model: ModelRef): Promise<number> {
      return (await ready(model)).reduce((lanes, served) => lanes + served.lanes, 0);
    },
    /** The worst verdict of all live workers that serve a model. Null if none has one. */
    async batchInvariance(model: ModelRef): Promise<BatchInvariance | null> {
      return gravest((await ready(model)).map((served) => served.batchInvariance));
    },
  };
}

/** Undefined if they differ. */
function onlyOne<T>([first, ...others]: readonly (T | undefined)[]): T | undefined {
  return others.every((other) => other === first) ? first : undefined;
}

/** A worker of an older version may still send old names. */
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
