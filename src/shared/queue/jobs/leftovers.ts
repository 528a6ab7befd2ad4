/**
 * Finds what dead processes and ended jobs have left in Redis, page by page. Removes nothing, and knows nothing of
 * files.
 */
import type { Redis } from 'ioredis';
import { isTerminal, JOB_STATUSES, type JobStatus } from '../../domain/job/job-state.ts';
import { EVERY_KEY, indexKeys, jobKeys, queueKeys, queueOfKey } from '../keys.ts';
import type { RunScript } from '../scripts.ts';

/** What Redis still holds of a job, whatever the version of its data. */
export interface JobPresence {
  /** The job is active, so a feeder is responsible for it. */
  readonly active: boolean;
  /** No block of the job will be fed or run any more. The job has ended, or its record is gone. */
  readonly over: boolean;
  readonly exists: boolean;
  /** The job's record has a time to live. */
  readonly expires: boolean;
}

export type Leftovers = ReturnType<typeof createLeftovers>;

/** Keys that Redis scans for one page. */
const SCAN_COUNT = 500;

export function createLeftovers(deps: { redis: Redis; run: RunScript }) {
  const { redis, run } = deps;

  async function presence(id: string): Promise<JobPresence> {
    const { job } = jobKeys(id);
    const [active, status, ttl] = await Promise.all([
      redis.sismember(indexKeys.active, id),
      redis.hget(job, 'status'),
      redis.pttl(job),
    ]);
    // An unknown state belongs to a newer version.
    const known = JOB_STATUSES.find((s): s is JobStatus => s === status);
    return {
      active: active === 1,
      over: active === 0 && (status === null || (known !== undefined && isTerminal(known))),
      exists: status !== null,
      expires: ttl >= 0,
    };
  }

  return {
    /** Takes or extends the lease that all sweepers share. */
    async holdSweep(token: string, ttlMs: number): Promise<boolean> {
      return (await run('hold-lease', [indexKeys.sweeper], [token, ttlMs])) === 1;
    },
    async dropSweep(token: string): Promise<void> {
      await run('release-claim', [indexKeys.sweeper], [token]);
    },

    /** What Redis still holds of each job. */
    async presences(ids: Iterable<string>): Promise<Map<string, JobPresence>> {
      const unique = [...new Set(ids)];
      const found = await Promise.all(unique.map(presence));
      return new Map(unique.map((id, i) => [id, found[i]!]));
    },

    /** Ids of the job index after `after`, oldest first. */
    async listed(after: string | null, count: number): Promise<string[]> {
      const from = after === null ? '-' : `(${after}`;
      return redis.zrangebylex(indexKeys.jobs, from, '+', 'LIMIT', 0, count);
    },

    /**
     * A page of queues, and the cursor of the next page. The cursor '0' asks for the first page. A returned '0' marks
     * the end. A queue may appear twice.
     */
    async queues(cursor: string): Promise<{ cursor: string; queues: string[] }> {
      const [next, keys] = await redis.scan(cursor, 'MATCH', EVERY_KEY, 'COUNT', SCAN_COUNT);
      return { cursor: next, queues: [...new Set(keys.flatMap((key) => queueOfKey(key) ?? []))] };
    },

    /** The blocks that hold slots of a queue, by job. */
    async slots(queue: string): Promise<Map<string, number[]>> {
      const held = new Map<string, number[]>();
      for (const member of await redis.smembers(queueKeys(queue).slots)) {
        const slash = member.lastIndexOf('/');
        const job = member.slice(0, slash);
        held.set(job, [...(held.get(job) ?? []), Number(member.slice(slash + 1))]);
      }
      return held;
    },
  };
}
