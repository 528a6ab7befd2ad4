/** The lease of a job: only the process that holds it feeds the job. */
import type { Redis } from 'ioredis';
import { jobKeys } from './keys.ts';
import type { RunScript } from './scripts.ts';

/** A process that is silent for this long loses the lease. */
export const LEASE_MS = 10_000;

/** Another process holds the lease now: stop feeding. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

export type JobLeases = ReturnType<typeof createJobLeases>;

export function createJobLeases(deps: { redis: Redis; run: RunScript }) {
  const { redis, run } = deps;

  return {
    /** Takes or extends the lease. False if another token holds it. */
    async holdLease(job: string, token: string, ttlMs: number): Promise<boolean> {
      return (await run('hold-lease', [jobKeys(job).lease], [token, ttlMs])) === 1;
    },
    async holdsLease(job: string, token: string): Promise<boolean> {
      return (await redis.get(jobKeys(job).lease)) === token;
    },
    async dropLease(job: string, token: string): Promise<void> {
      await run('release-claim', [jobKeys(job).lease], [token]);
    },
  };
}
