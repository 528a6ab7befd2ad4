/**
 * Webhooks in Redis: which jobs' webhooks to look after and when, the events that wait for delivery, their secrets,
 * the log of deliveries. Knows nothing of HTTP or of what an event says.
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { HOOK_DELIVERY, type HookDelivery } from '../domain/hook-delivery.ts';
import { indexKeys, jobKeys } from './keys.ts';
import type { RunScript } from './scripts.ts';

/** `end`: the one that tells how the job ended; `progress`: the latest of its progress. */
export type HookSlot = 'end' | 'progress';

const HOOK_EVENT = z.object({
  id: z.string(),
  type: z.string(),
  /** JSON text, the same in every try. */
  body: z.string(),
  created_at: z.number(),
  /** Tries so far. */
  attempts: z.int(),
  /** Time of the next try, ms; null: none, it is settled. */
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
    /** Of a job whose record is gone. A job's creation follows its webhook (job-creation.ts). */
    async forget(job: string): Promise<void> {
      await redis.zrem(indexKeys.webhooks, job);
      await redis.del(jobKeys(job).webhook);
    },
    async secretOf(job: string): Promise<string | null> {
      return redis.hget(jobKeys(job).webhook, 'secret');
    },

    /** Jobs that are due a look; nobody else is given them for `leaseMs`. */
    async claim(count: number, leaseMs: number): Promise<string[]> {
      return (await run('claim-webhooks', [indexKeys.webhooks], [now(), leaseMs, count])) as string[];
    },
    /** Gives a claimed job back, to be looked at again at `dueMs`. */
    async again(job: string, dueMs: number): Promise<void> {
      await redis.zadd(indexKeys.webhooks, 'XX', Math.ceil(dueMs), job);
    },
    /** Nothing more is to be told of the job; what was told is kept as long as the job. */
    async done(job: string): Promise<void> {
      await redis.pexpire(jobKeys(job).webhook, KEEP_MS);
      await redis.zrem(indexKeys.webhooks, job);
    },

    async state(job: string): Promise<HookState> {
      const [secret, end, progress] = await redis.hmget(jobKeys(job).webhook, 'secret', 'end', 'progress');
      return { secret: secret ?? null, end: readEvent(end), progress: readEvent(progress) };
    },
    /** Puts the event that tells of the job's end; the one that is there already stands. Returns it. */
    async putEnd(job: string, event: HookEvent): Promise<HookEvent> {
      const { webhook } = jobKeys(job);
      await redis.hsetnx(webhook, 'end', JSON.stringify(event));
      return readEvent(await redis.hget(webhook, 'end')) ?? event;
    },
    async put(job: string, slot: HookSlot, event: HookEvent): Promise<void> {
      await redis.hset(jobKeys(job).webhook, slot, JSON.stringify(event));
    },

    /** Writes down a try. */
    async note(job: string, delivery: HookDelivery): Promise<void> {
      const { deliveries } = jobKeys(job);
      await redis
        .multi()
        .lpush(deliveries, JSON.stringify(delivery))
        .ltrim(deliveries, 0, MAX_DELIVERIES - 1)
        .pexpire(deliveries, KEEP_LOG_MS)
        .exec();
    },
    /** The last tries, newest first. */
    async deliveries(job: string): Promise<HookDelivery[]> {
      const texts = await redis.lrange(jobKeys(job).deliveries, 0, -1);
      return texts.map((text) => HOOK_DELIVERY.parse(JSON.parse(text)));
    },
  };
}

const DAY_MS = 24 * 3600 * 1000;
/** As long as an ended job can be asked for. */
const KEEP_MS = 7 * DAY_MS;
/** A job may run for long after the last try. */
const KEEP_LOG_MS = 30 * DAY_MS;
export const MAX_DELIVERIES = 100;

function readEvent(text: string | null | undefined): HookEvent | null {
  return text ? HOOK_EVENT.parse(JSON.parse(text)) : null;
}
