/**
 * Pipelines that jobs have given in their requests. Workers read them from here, because no models folder has them. The
 * sweeper removes those of jobs that have ended.
 */
import type { Redis } from 'ioredis';
import type { ModelRef } from '../../domain/model/model-config.ts';
import { ForebayError } from '../../errors.ts';
import type { PipelineConfig } from '../../tasks/pipeline/pipeline-config.ts';
import { blockQueueName, indexKeys } from '../keys.ts';
import { redisNow } from '../redis-now.ts';
import type { RunScript } from '../scripts.ts';

export interface InlinePipeline {
  readonly ref: ModelRef;
  /** With the hashes and configs of its models. */
  readonly config: PipelineConfig;
  /** How the classes of its models are found. Workers of older versions would always take the numbers. */
  readonly classes?: 'by_number' | 'by_name';
}

export interface StoredPipeline extends InlinePipeline {
  readonly queue: string;
  /** By Redis's clock, epoch ms: when a request last gave it. */
  readonly at: number;
}

/** Older versions read only the first. */
const VERSIONS = { by_number: 1, by_name: 2 };
/** So that neither Redis nor the workers grow without bound. */
export const MAX_PIPELINES = 64;
const MAX_CHARS = 1024 * 1024;

export type InlinePipelines = ReturnType<typeof createInlinePipelines>;

export function createInlinePipelines({ redis, run }: { redis: Redis; run: RunScript }) {
  return {
    /** Workers look often, so they read only the names. */
    queues: async (): Promise<readonly string[]> => redis.hkeys(indexKeys.pipelines),
    async all(): Promise<readonly StoredPipeline[]> {
      const texts = Object.entries(await redis.hgetall(indexKeys.pipelines));
      return texts.flatMap(([queue, text]) => {
        const { v, ...stored } = JSON.parse(text) as StoredPipeline & { readonly v: number };
        return Object.values(VERSIONS).includes(v) ? [{ ...stored, queue }] : [];
      });
    },
    now: async () => redisNow(redis),
    /** @throws ForebayError `too_many_pipelines` or `request_too_large` */
    async put({ ref, config, classes = 'by_number' }: InlinePipeline): Promise<void> {
      const text = JSON.stringify({ v: VERSIONS[classes], ref, config, at: await redisNow(redis) });
      if (text.length > MAX_CHARS) throw tooLarge();
      const stored = await run(
        'put-pipeline',
        [indexKeys.pipelines],
        [blockQueueName(ref), text, MAX_PIPELINES],
      );
      if (stored !== 1) throw tooMany();
    },
    async remove(queues: readonly string[]): Promise<void> {
      if (queues.length > 0) await redis.hdel(indexKeys.pipelines, ...queues);
    },
  };
}

function tooMany(): ForebayError {
  return new ForebayError(
    'too_many_pipelines',
    `${MAX_PIPELINES} pipelines of requests are in use, which is the limit. Retry some minutes after one of their jobs has ended, or put the pipeline into the models folder.`,
    { retryAfterS: 60 },
  );
}

function tooLarge(): ForebayError {
  return new ForebayError(
    'request_too_large',
    `The pipeline and the configs of its models have more than ${MAX_CHARS} characters as JSON. Put the pipeline into the models folder.`,
  );
}
