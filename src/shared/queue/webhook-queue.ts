/**
 * Webhooks in Redis: the jobs whose webhooks are due, the events that wait for delivery, their secrets, and the log of
 * deliveries. Knows nothing of HTTP or of the contents of events.
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { HOOK_DELIVERY, type HookDelivery } from '../domain/job/hook-delivery.ts';
import { indexKeys, jobKeys } from './keys.ts';
import type { RunScript } from './scripts.ts';

/** `end`: the event about the job's end. `progress`: the latest event about its progress. */
export type HookSlot = 'end' | 'progress';

const HOOK_EVENT = z.object({
  id: z.string(),
  type: z.string(),
  /** JSON text, the same in every attempt. */
  body: z.string(),
  created_at: z.number(),
  /** Attempts so far. */
  attempts: z.int(),
  /** Time of the next attempt, ms. Null: the event was delivered or given up. */
  due: z.number().nullable(),
});
export type HookEvent = z.infer<typeof HOOK_EVENT>;

export interface HookState {
  readonly secret: string | null;
  readonly end: HookEvent | null;
  readonly progress: HookEvent | null;
}

export type WebhookQueue = ReturnType<typeof createWebhookQueue>;

export function createWebhookQueue(deps: { redis: Redis; run: RunScript; now?: () => number }) {
  const { redis, run } = deps;
  const now = deps.now ?? Date.now;

  return {
    /** Forgets the webhook of a job whose record is gone. job-creation.ts adds webhooks. */
    async forget(job: string): Promise<void> {
      await redis.zrem(indexKeys.webhooks, job);
      await redis.del(jobKeys(job).webhook);
    },
    async secretOf(job: string): Promise<string | null> {
      return redis.hget(jobKeys(job).webhook, 'secret');
    },

    /** Claims jobs that are due. No other process gets them for `leaseMs`. */
    async claim(count: number, leaseMs: number): Promise<string[]> {
      return (await run('claim-webhooks', [indexKeys.webhooks], [now(), leaseMs, count])) as string[];
    },
    /** Hands a claimed job back. It is due again at `dueMs`. */
    async again(job: string, dueMs: number): Promise<void> {
      await redis.zadd(indexKeys.webhooks, 'XX', Math.ceil(dueMs), job);
    },
    /** Records that the job has no more events. Its last events are kept as long as its record. */
    async done(job: string): Promise<void> {
      await redis.pexpire(jobKeys(job).webhook, KEEP_MS);
      await redis.zrem(indexKeys.webhooks, job);
    },

    async state(job: string): Promise<HookState> {
      const [secret, end, progress] = await redis.hmget(jobKeys(job).webhook, 'secret', 'end', 'progress');
      return { secret: secret ?? null, end: readEvent(end), progress: readEvent(progress) };
    },
    /** Stores the event of the job's end, unless one exists. Returns the stored one. */
    async putEnd(job: string, event: HookEvent): Promise<HookEvent> {
      const { webhook } = jobKeys(job);
      await redis.hsetnx(webhook, 'end', JSON.stringify(event));
      return readEvent(await redis.hget(webhook, 'end')) ?? event;
    },
    async put(job: string, slot: HookSlot, event: HookEvent): Promise<void> {
      await redis.hset(jobKeys(job).webhook, slot, JSON.stringify(event));
    },

    /** Logs an attempt. */
    async note(job: string, delivery: HookDelivery): Promise<void> {
      const { deliveries } = jobKeys(job);
      await redis
        .multi()
        .lpush(deliveries, JSON.stringify(delivery))
        .ltrim(deliveries, 0, MAX_DELIVERIES - 1)
        .pexpire(deliveries, KEEP_LOG_MS)
        .exec();
    },
    /** The last attempts, newest first. */
    async deliveries(job: string): Promise<HookDelivery[]> {
      const texts = await redis.lrange(jobKeys(job).deliveries, 0, -1);
      return texts.map((text) => HOOK_DELIVERY.parse(JSON.parse(text)));
    },
  };
}

const DAY_MS = 24 * 3600 * 1000;
/** As long as the record of an ended job is kept. */
const KEEP_MS = 7 * DAY_MS;
/** Longer, because a job may run for long after the last attempt. */
const KEEP_LOG_MS = 30 * DAY_MS;
export const MAX_DELIVERIES = 100;

function readEvent(text: string | null | undefined): HookEvent | null {
  return text ? HOOK_EVENT.parse(JSON.parse(text)) : null;
}
