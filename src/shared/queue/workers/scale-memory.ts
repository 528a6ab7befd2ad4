/**
 * What autoscaling remembers: how many workers each pool was last said to need, and how fast a worker computes each
 * model. All API processes share it, so they give the same answer. It expires, because the service can do without it.
 */
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { indexKeys, queueKeys } from '../keys.ts';
import { redisNow } from '../redis-now.ts';
import type { RunScript } from '../scripts.ts';

const STATE = z.object({
  v: z.literal(1),
  /** Workers that the pool was said to need. */
  workers: z.number(),
  /**
   * Null: it still needs them. Otherwise since when fewer have been enough (epoch ms), and the most that were needed
   * since then.
   */
  lower: z.object({ since: z.number(), peak: z.number() }).nullable(),
});
export type ScaleState = z.infer<typeof STATE>;

/** Rates are kept over nights and weekends without jobs. */
const RATE_TTL_MS = 7 * 24 * 3600 * 1000;
/** Other processes may answer first. After so many tries, this process's answer is as good as theirs. */
const TRIES = 5;

export type ScaleMemory = ReturnType<typeof createScaleMemory>;

export function createScaleMemory({ redis, run }: { redis: Redis; run: RunScript }) {
  return {
    /** Replaces the state of a pool in one step. `before`: null if there is none. `now`: by the clock of Redis, ms. */
    async update(
      pool: string,
      ttlMs: number,
      next: (before: ScaleState | null, now: number) => ScaleState,
    ): Promise<{ readonly state: ScaleState; readonly now: number }> {
      const key = indexKeys.scaleOf(pool);
      for (let tries = 1; ; tries++) {
        const [text, now] = await Promise.all([redis.get(key), redisNow(redis)]);
        const state = next(text === null ? null : readState(text), now);
        // Names of pools that nobody uses leave nothing in Redis.
        if (text === null && state.workers === 0) return { state, now };
        const stored = await run('replace-scale', [key], [text ?? '', JSON.stringify(state), ttlMs]);
        if (stored === 1 || tries === TRIES) return { state, now };
      }
    },
    /** Rows per second of one worker, by queue, as far as known. */
    async rates(queues: readonly string[]): Promise<Map<string, number>> {
      const texts = await Promise.all(queues.map(async (queue) => redis.get(queueKeys(queue).rate)));
      const rates = texts.map((text) => Number(text));
      return new Map(queues.flatMap((queue, i) => (rates[i]! > 0 ? [[queue, rates[i]!] as const] : [])));
    },
    async keepRates(rates: ReadonlyMap<string, number>): Promise<void> {
      await Promise.all(
        [...rates].map(async ([queue, rate]) => redis.set(queueKeys(queue).rate, rate, 'PX', RATE_TTL_MS)),
      );
    },
  };
}

/** Null: a newer version wrote it. */
function readState(text: string): ScaleState | null {
  const parsed = STATE.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : null;
}
