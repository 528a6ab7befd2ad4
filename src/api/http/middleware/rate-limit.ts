/**
 * A token bucket per tenant, in this process. Each API replica has its own buckets, so replicas multiply the limit.
 * Counting in Redis would cost a round trip per request, only to keep one tenant from crowding out the others.
 */
import { ForebayError } from '../../../shared/errors.ts';
import { counted } from '../../../shared/text/counted.ts';

/** Throws ForebayError `rate_limited`, which says when to retry. */
export type RateLimit = (tenant: string) => void;

interface Bucket {
  tokens: number;
  /** Time at which `tokens` was updated, ms. */
  at: number;
}

/** After a pause, a tenant may send this many seconds' worth of requests at once. */
const BURST_S = 2;

/** `now`: a monotonic clock in milliseconds. Only tenants with a key get a bucket, so their number stays bounded. */
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
      `Tenant "${tenant}" sends more than ${counted(perSecond, 'request')} per second, its quota. Follow a job by its events instead of polling it.`,
      { retryAfterS: (1 - bucket.tokens) / perSecond },
    );
  };
}
