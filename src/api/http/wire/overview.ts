/** Workers and queues of the whole service, as operators see them. */
import { z } from 'zod';
import { INTAKE_STATES } from '../../../shared/domain/intake-state.ts';
import { MEMORY_LEVELS } from '../../../shared/domain/memory-level.ts';
import { FAILURE_OR_NULL, TIMESTAMP } from './scalars.ts';

const CHOICE = z
  .object({ value: z.int(), why: z.string().meta({ description: 'How it was chosen.' }) })
  .nullable();

const WORKER_MODEL = z.object({
  name: z.string(),
  version: z.string().nullable(),
  status: z.enum(['serving', 'loading', 'unloaded', 'failed']),
  lanes: z.int().meta({ description: 'Lanes that hold it.' }),
  batch_size: z.int(),
  problem: FAILURE_OR_NULL,
});

export const WORKER = z
  .object({
    id: z.string(),
    object: z.literal('worker'),
    host: z.string(),
    pid: z.int(),
    pool: z.string(),
    status: z.enum(INTAKE_STATES).meta({
      description:
        'A worker that is `draining` takes no more blocks and online requests, and finishes those that it holds. When it holds none, it is `drained`, and waits until it is resumed or ended.',
    }),
    started_at: TIMESTAMP,
    lanes: CHOICE.meta({ description: 'Number of lanes. Null from an older worker.' }),
    threads: CHOICE.meta({ description: 'Threads per model call. Null from an older worker.' }),
    models: z.array(WORKER_MODEL),
    lag_p99_ms: z.number().meta({
      description: 'Event-loop delay of the worker since its last heartbeat, 99th percentile.',
    }),
    busy_share: z.number().nullable().meta({
      description:
        'Share of the time of its lanes in which they worked, from 0 to 1, between its last two heartbeats. Null from an older worker.',
    }),
    memory: z.object({
      rss_bytes: z.int().nullable().meta({ description: 'Of the worker and its lanes. Null: unknown.' }),
      limit_bytes: z.int(),
      level: z.enum(MEMORY_LEVELS).nullable().meta({ description: 'Null from an older worker.' }),
    }),
    inflight: z.object({
      used_bytes: z.int().meta({ description: 'Bytes of rows that were read and have no answer yet.' }),
      limit_bytes: z.int(),
      blocked_ms: z.number().meta({ description: 'How long reading has waited since the start.' }),
    }),
  })
  .meta({ id: 'Worker', description: 'A live worker, as its last heartbeat describes it.' });

export const WORKER_LIST = z
  .object({ object: z.literal('list'), data: z.array(WORKER) })
  .meta({ id: 'WorkerList', description: 'All live workers, sorted by pool and id.' });

export const QUEUE = z
  .object({
    name: z.string().meta({ description: 'The BullMQ queue of the pool and model.' }),
    object: z.literal('queue'),
    pool: z.string(),
    model: z.string(),
    model_hash: z.string(),
    waiting: z.int().meta({ description: 'Blocks that wait for a worker.' }),
    active: z.int().meta({ description: 'Blocks that workers hold.' }),
    slots: z.int().meta({ description: 'Slots in use, over all jobs.' }),
    limit: z.int().meta({ description: 'Number of slots, for jobs with an ordinary window.' }),
    lanes: z.int().meta({ description: 'Lanes of live workers that can run its blocks.' }),
    oldest_s: z
      .number()
      .nullable()
      .meta({ description: 'Age of the block that has waited longest. Null: none waits.' }),
    jobs: z
      .array(
        z.object({
          id: z.string(),
          status: z.string(),
          reason: z.string().nullable(),
          reason_text: z.string().nullable(),
        }),
      )
      .meta({ description: 'Active jobs that use the queue, and why each waits.' }),
  })
  .meta({ id: 'Queue', description: 'The queue of a pool and a model.' });

export const QUEUE_LIST = z
  .object({ object: z.literal('list'), data: z.array(QUEUE) })
  .meta({ id: 'QueueList', description: 'Queues of active jobs and of models of live workers, by name.' });

export type WorkerWire = z.infer<typeof WORKER>;
export type WorkerListWire = z.infer<typeof WORKER_LIST>;
export type QueueWire = z.infer<typeof QUEUE>;
export type QueueListWire = z.infer<typeof QUEUE_LIST>;
