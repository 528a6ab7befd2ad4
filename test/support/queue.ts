// The queue layer on a real Redis, for tests of code that uses the layer.
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect } from 'vitest';
import { newJobId } from '#forebay/shared/domain/job/job-id.js';
import { SPEC_VERSION, type JobSpec } from '#forebay/shared/domain/job/job.js';
import { connectRedis } from '#forebay/shared/queue/connection.js';
import { createBlockQueues } from '#forebay/shared/queue/blocks/block-queue.js';
import { createJobStore } from '#forebay/shared/queue/jobs/job-store.js';
import { createJobWindow } from '#forebay/shared/queue/blocks/job-window.js';
import {
  createQueueSlots,
  type SlotLimits,
  type SlotUser,
} from '#forebay/shared/queue/blocks/queue-slots.js';
import { createScripts } from '#forebay/shared/queue/scripts.js';
import { createWake } from '#forebay/shared/queue/wake.js';
import { createWorkerRegistry } from '#forebay/shared/queue/workers/worker-registry.js';
import { FOLDER_OUTPUTS } from '#forebay/shared/storage/outputs.js';
import { jobOptions } from './job-options.ts';
import { startTestRedis } from './redis.ts';

export const MODEL = { name: 'tiny', hash: 'ab'.repeat(32), pool: 'default' };

const raise = (error: Error) => {
  throw error;
};

export type QueueLayer = Awaited<ReturnType<typeof openQueueLayer>>;

export async function openQueueLayer(url: string) {
  const redis: Redis = connectRedis(url, 'background', raise);
  const run = createScripts(redis);
  const wake = await createWake(connectRedis(url, 'background', raise));
  const queues = createBlockQueues({ redis, run, onError: raise });
  const jobs = createJobStore({ redis, run });
  return {
    url,
    redis,
    run,
    wake,
    queues,
    jobs,
    /** Creates a job with generous limits. */
    async make(spec: JobSpec, total: number | null): Promise<void> {
      const job = { spec, total, webhookSecret: null, requestKey: null, takesOver: null, lease: null };
      const { outcome } = await jobs.create(job, { jobs: 1000, ofTenant: null });
      expect(outcome).toBe('created');
    },
    window: createJobWindow({ redis, run }),
    outputs: FOLDER_OUTPUTS,
    slots: createQueueSlots({ redis, run }),
    workers: createWorkerRegistry({ redis }),
    async close() {
      await queues.close();
      await wake.close();
      await redis.quit();
    },
  };
}

/** A queue layer on its own Redis, for all tests of one file. */
export function useQueueLayer(): QueueLayer {
  const layer = {} as QueueLayer;
  let redis: Awaited<ReturnType<typeof startTestRedis>>;
  beforeAll(async () => {
    redis = await startTestRedis();
    Object.assign(layer, await openQueueLayer(redis.url));
  });
  afterAll(async () => {
    await layer.close();
    await redis.stop();
  });
  return layer;
}

export function makeSpec(
  change: Partial<Omit<JobSpec, 'options'>> & { options?: Partial<JobSpec['options']> } = {},
): JobSpec {
  const { options, ...rest } = change;
  const id = rest.id ?? newJobId(Date.now(), randomBytes(16));
  return {
    v: SPEC_VERSION,
    id,
    model: MODEL,
    dataset: { type: 'manifest', path: '/nowhere/rows.txt', base: '/nowhere' },
    output: `/nowhere/${id}`,
    input: { type: 'manifest', path: 'rows.txt' },
    tenant: 'default',
    resume: false,
    opening: { if_output_exists: 'refuse', earlier: null, cut_part: null },
    retry_of: null,
    webhook: null,
    metadata: {},
    created_at: Date.now(),
    ...rest,
    options: jobOptions(options),
  };
}

export function rowsOf(firstRow: number, count: number) {
  return { firstRow, rows: Array.from({ length: count }, (_, i) => ({ id: `row-${firstRow + i}` })) };
}

/** A job that asks for slots. */
export function slotUser(id: string, change: Partial<SlotUser> = {}): SlotUser {
  return { id, tenant: 'default', priority: 50, window: 16, rowsPerBlock: 4, isFull: false, ...change };
}

/**
 * Limits of a queue whose lanes could run out of blocks at any time. So no job must wait until others catch up with it.
 */
export function slotLimits(queue: number): SlotLimits {
  return { queue, feed: queue };
}
