/** Which workers live and what they serve, by heartbeats. */
import type { Redis } from 'ioredis';
import type { ModelRef } from '../domain/model-contract.ts';
import { blockQueueName, indexKeys, WAKE_CHANNELS } from './keys.ts';

export interface ServedModel {
  readonly ref: ModelRef;
  /** Lanes that hold it. */
  readonly lanes: number;
  readonly batchSize: number;
  /** When its settings were measured by `forebay tune`, ISO 8601; null or absent: formulas and settings. */
  readonly tunedAt?: string | null;
  /** Why it is not served, where it could not be loaded. */
  readonly problem: { readonly code: string; readonly message: string } | null;
  /** What the graph says: input, output, batch. Null until loaded. */
  readonly graph: unknown;
}

export interface WorkerInfo {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly pool: string;
  readonly startedAt: number;
  /** Event-loop delay of its main thread since the last heartbeat, 99th percentile, ms. */
  readonly lagP99Ms: number;
  readonly models: readonly ServedModel[];
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
    return (await redis.hvals(indexKeys.workers)).map((text) => JSON.parse(text) as WorkerInfo);
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
    /** Lanes over all live workers that serve a model. */
    async liveLanes(model: ModelRef): Promise<number> {
      const queue = blockQueueName(model);
      let lanes = 0;
      for (const worker of await live()) {
        for (const served of worker.models) {
          if (!served.problem && blockQueueName(served.ref) === queue) lanes += served.lanes;
        }
      }
      return lanes;
    },
  };
}
