/**
 * A token bucket a tenant, in this process: several API replicas admit as many times more. Counting in Redis would
 * cost each request a round trip for a limit that only keeps one tenant from crowding out the others.
 */
import { ForebayError } from '../../../shared/errors.ts';

/** Throws ForebayError `rate_limited`, saying when the next request fits. */
export type RateLimit = (tenant: string) => void;

interface Bucket {
  tokens: number;
  /** ms, when `tokens` was right. */
  at: number;
}

/** A tenant may be silent and then send so many seconds' worth at once. */
const BURST_S = 2;

/** `now`: milliseconds of a clock that never goes back. There are as many buckets as tenants with keys. */
export function createRateLimit(perSecond: number, now: () => number = () => performance.now()): RateLimit {
  const buckets = new Map<string, Bucket>();
  const most = Math.max(1, perSecond * BURST_S);
  return (tenant) => {
    const at = now();
    const bucket = buckets.get(tenant) ?? { tokens: most, at };
    bucket.tokens = Math.min(most, bucket.tokens + ((at - bucket.at) / 1000) * perSecond);
    bucket.at = at;
    buckets.set(tenant, bucket);
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return;
    }
    throw new ForebayError(
      'rate_limited',
      `Tenant "${tenant}" sends more than ${perSecond} requests a second, its quota; follow a job by its events instead of asking again and again.`,
      { retryAfterS: (1 - bucket.tokens) / perSecond },
    );
  };
}
