/** Measures a process' Redis: its latency at each scrape, and the events of its connection. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Events } from '../events.ts';
import type { Metrics } from './instruments.ts';
import { REDIS_METRICS } from './redis-metrics.ts';

/** A scrape does not wait longer than this for Redis. */
const PATIENCE_MS = 1000;

export function measureRedis(
  metrics: Metrics,
  events: Pick<Events, 'on'>,
  ping: () => Promise<unknown>,
): void {
  const redis = metrics.make(REDIS_METRICS);
  events.on('redis.lost', () => redis.forebay_redis_losses_total.inc({ why: 'lost' }));
  events.on('redis.refusing', () => redis.forebay_redis_losses_total.inc({ why: 'refusing' }));
  events.on('redis.back', () => redis.forebay_redis_reconnects_total.inc());
  metrics.onScrape(async () => {
    const began = performance.now();
    const late = new AbortController();
    const up = await Promise.race([
      ping().then(
        () => true,
        () => false,
      ),
      delay(PATIENCE_MS, false, { signal: late.signal }).catch(() => false),
    ]);
    late.abort();
    redis.forebay_redis_up.set(up ? 1 : 0);
    if (up) redis.forebay_redis_ping_seconds.set((performance.now() - began) / 1000);
    else redis.forebay_redis_ping_seconds.remove();
  });
}
