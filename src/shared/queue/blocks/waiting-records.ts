/**
 * The records of parts that commits have left in Redis, and that the feeder has not yet moved to the output
 * (docs/adr/0037).
 */
import type { Redis } from 'ioredis';
import { PART_RECORD, type PartRecord } from '../../domain/part-record.ts';
import { jobKeys } from '../keys.ts';
import { LeaseLost } from '../jobs/lease.ts';
import type { RunScript } from '../scripts.ts';

export function createWaitingRecords({ redis, run }: { redis: Redis; run: RunScript }) {
  return {
    /**
     * Makes commits leave records, as long as fewer than `most` wait. Without it they leave none, because an older feeder
     * would not take them out. Throws LeaseLost.
     */
    async collectRecords(job: string, lease: string, most: number): Promise<void> {
      const keys = jobKeys(job);
      const reply = await run('patch-job', [keys.job, keys.lease], [lease, 'records_limit', most]);
      if (reply === -2) throw new LeaseLost(job);
    },
    /** How many wait. */
    async recordsWaiting(job: string): Promise<number> {
      return redis.llen(jobKeys(job).records);
    },
    /**
     * The oldest records, and how many there are. Records of another form, which a newer worker may write, are left
     * out. Readers then read the parts themselves.
     */
    async waitingRecords(
      job: string,
      most = Infinity,
    ): Promise<{ readonly count: number; readonly records: readonly PartRecord[] }> {
      const last = most === Infinity ? -1 : most - 1;
      const texts = await redis.lrange(jobKeys(job).records, 0, last);
      const records = texts.flatMap((text) => PART_RECORD.safeParse(JSON.parse(text)).data ?? []);
      return { count: texts.length, records };
    },
    /** Removes the oldest `count` records. Throws LeaseLost. */
    async dropRecords(job: string, lease: string, count: number): Promise<void> {
      const keys = jobKeys(job);
      if ((await run('drop-records', [keys.records, keys.lease], [lease, count])) === -1)
        throw new LeaseLost(job);
    },
  };
}
