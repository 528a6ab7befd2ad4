/**
 * Jobs in Redis: records, states, counters and events. Each change is one Lua script or one transaction.
 * job-creation.ts creates jobs, and job-window.ts keeps their blocks.
 */
import type { Redis } from 'ioredis';
import { newJobId } from '../../domain/job/job-id.ts';
import type { FilePlan } from '../../domain/job/compaction.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { statesBefore, type JobStatus } from '../../domain/job/job-state.ts';
import type { Skipped } from '../../domain/skipped.ts';
import { DEFAULT_TENANT } from '../../domain/tenant.ts';
import { ForebayError } from '../../errors.ts';
import { createJobCreation } from './job-creation.ts';
import { createJobEvents } from './job-events.ts';
import { ERROR_STAT, readFilePlan, readJobRecord } from './job-record.ts';
import { createJobSpecs } from './job-specs.ts';
import { indexKeys, jobKeys, WAKE_CHANNELS } from '../keys.ts';
import { LeaseLost } from './lease.ts';
import type { RunScript } from '../scripts.ts';
import { createStoredBytes } from './stored-bytes.ts';
import { trimJobIndex } from './trim-job-index.ts';

/** Fields that a transition sets (null clears one), and who may make it. */
export interface TransitionOptions {
  /** Only from these states. Default: all that the table allows. */
  readonly from?: readonly JobStatus[];
  /** The feeder's lease, if only the feeder may make the transition. */
  readonly lease?: string;
  readonly reason?: string | null;
  /** Details of the reason. */
  readonly reasonText?: string | null;
  readonly error?: { code: string; message: string } | null;
}

export type JobStore = ReturnType<typeof createJobStore>;

export function createJobStore(deps: { redis: Redis; run: RunScript; now?: () => number }) {
  const { redis, run } = deps;
  const now = deps.now ?? Date.now;
  const specs = createJobSpecs();

  async function get(id: string): Promise<JobRecord | null> {
    const keys = jobKeys(id);
    const replies = await redis.multi().hgetall(keys.job).hlen(keys.window).hlen(keys.runs).exec();
    const [hash, window, runs] = (replies ?? []).map(([error, value]) => {
      if (error) throw error;
      return value;
    }) as [Record<string, string>, number, number];
    const text = hash['spec'];
    return text === undefined ? null : readJobRecord(hash, specs.read(id, text), window, runs, now());
  }

  async function mustGet(id: string): Promise<JobRecord> {
    const record = await get(id);
    if (!record) throw jobNotFound(id);
    return record;
  }

  /**
   * Changes the state by compare-and-set. Returns the previous state, or null if that state does not allow the change.
   * Throws LeaseLost if a lease is given and lost, and ForebayError `job_not_found`.
   */
  async function transition(
    id: string,
    to: JobStatus,
    options: TransitionOptions = {},
  ): Promise<JobStatus | null> {
    const keys = jobKeys(id);
    const from = statesBefore(to).filter((state) => options.from?.includes(state) ?? true);
    const reply = (await run(
      'transition-job',
      [keys.job, keys.events, keys.lease],
      [to, from.join(','), now(), WAKE_CHANNELS.job, id, options.lease ?? '', ...patchFields(options)],
    )) as [number, string];
    if (reply[0] === -1) throw new ForebayError('job_not_found', `There is no job "${id}".`);
    if (reply[0] === -2) throw new LeaseLost(id);
    return reply[0] === 1 ? (reply[1] as JobStatus) : null;
  }

  /** Sets fields of an existing record. Throws LeaseLost if `lease` is given and lost. */
  async function patch(
    id: string,
    fields: Readonly<Record<string, string | number>>,
    lease = '',
  ): Promise<void> {
    const keys = jobKeys(id);
    const reply = await run('patch-job', [keys.job, keys.lease], [lease, ...Object.entries(fields).flat()]);
    if (reply === -2) throw new LeaseLost(id);
  }

  return {
    get,
    mustGet,
    transition,
    ...createJobCreation(deps),
    ...createJobEvents(redis),
    ...createStoredBytes({ redis, now, keptMs: RETENTION_MS }),

    /** Ids of jobs older than `before`, newest first. `tenant`: null for all tenants. */
    async list(before: string | null, count: number, tenant: string | null = null): Promise<string[]> {
      return redis.zrevrangebylex(
        tenant === null ? indexKeys.jobs : indexKeys.jobsOf(tenant),
        before === null ? '+' : `(${before}`,
        '-',
        'LIMIT',
        0,
        count,
      );
    },
    async activeIds(): Promise<string[]> {
      return redis.smembers(indexKeys.active);
    },
    /** Active jobs of one tenant, including those whose submit is still in progress. */
    async activeOf(tenant: string): Promise<string[]> {
      const owners = await redis.hgetall(indexKeys.tenants);
      return Object.keys(owners).filter((id) => owners[id] === tenant);
    },
    async isActive(id: string): Promise<boolean> {
      return (await redis.sismember(indexKeys.active, id)) === 1;
    },
    /** Removes a job from the active ones. Its record expires after the retention time. */
    async retire(id: string): Promise<void> {
      const keys = jobKeys(id);
      const tenant = await redis.hget(indexKeys.tenants, id);
      const batch = redis
        .multi()
        .srem(indexKeys.active, id)
        .hdel(indexKeys.tenants, id)
        .del(
          keys.window,
          keys.runs,
          keys.attempts,
          keys.journal,
          keys.errors,
          keys.parts,
          keys.records,
          keys.lease,
        );
      for (const key of [keys.job, keys.committed, keys.events, keys.stats]) batch.pexpire(key, RETENTION_MS);
      await batch.exec();
      const oldest = newJobId(now() - INDEX_MS, new Uint8Array(16));
      await trimJobIndex(redis, indexKeys.jobs, oldest);
      if (tenant !== null) await trimJobIndex(redis, indexKeys.jobsOf(tenant), oldest);
    },
    async forget(id: string): Promise<void> {
      const tenant = await redis.hget(indexKeys.tenants, id);
      const batch = redis.multi().srem(indexKeys.active, id).hdel(indexKeys.tenants, id);
      if (tenant !== null) batch.zrem(indexKeys.jobsOf(tenant), id);
      await batch.zrem(indexKeys.jobs, id).exec();
    },
    /** The tenant of a job. Null if the job does not exist. */
    async tenantOf(id: string): Promise<string | null> {
      const [tenant = null, status = null] = await redis.hmget(jobKeys(id).job, 'tenant', 'status');
      // A version without tenants wrote a record without a tenant.
      return tenant ?? (status === null ? null : DEFAULT_TENANT);
    },

    async setTotal(id: string, total: number): Promise<void> {
      await patch(id, { total });
    },
    /** `text`: details of the reason. */
    async setReason(id: string, reason: string | null, text: string | null = null): Promise<void> {
      await patch(id, { reason: reason ?? '', reason_text: text ?? '' });
    },
    /** Records that the output has been taken over, so the job owns it. Throws LeaseLost. */
    async markOpened(id: string, lease: string): Promise<void> {
      await patch(id, { opened: 1 }, lease);
    },
    /**
     * Records that the whole dataset has been read. `skipped`: its skipped entries. `total`: its rows. Null: the caller
     * does not know. Throws LeaseLost.
     */
    async markFedAll(id: string, lease: string, skipped: Skipped, total: number | null): Promise<void> {
      const known = total === null ? {} : { total };
      await patch(id, { fed_all: 1, skipped: JSON.stringify(skipped), ...known }, lease);
    },
    /** Records how many rows only the earlier output of a delta job has. Throws LeaseLost. */
    async setVanished(id: string, lease: string, vanished: number): Promise<void> {
      await patch(id, { vanished }, lease);
    },
    /** Records how many rows failed with each code. Throws LeaseLost. */
    async setErrors(id: string, lease: string, codes: ReadonlyMap<string, number>): Promise<void> {
      const fields = [...codes].map(([code, rows]) => [ERROR_STAT + code, rows]);
      if (fields.length > 0) await patch(id, Object.fromEntries(fields), lease);
    },
    /** Records how the parts become files. Throws LeaseLost. */
    async setFilePlan(id: string, lease: string, plan: FilePlan): Promise<void> {
      await patch(id, { file_plan: JSON.stringify(plan) }, lease);
    },
    async stats(id: string): Promise<Record<string, number>> {
      const hash = await redis.hgetall(jobKeys(id).stats);
      return Object.fromEntries(Object.entries(hash).map(([k, v]) => [k, Number(v)]));
    },
    async lastRunError(id: string): Promise<string | null> {
      return redis.hget(jobKeys(id).job, 'last_run_error');
    },

    /** The first uncommitted block. All blocks before it are committed, and have rows. */
    async watermark(id: string): Promise<number> {
      const { committed, job } = jobKeys(id);
      const position = await redis.bitpos(committed, 0);
      const first = position >= 0 ? position : (await redis.strlen(committed)) * 8;
      // Tasks that write files have the numbers after the blocks.
      const plan = readFilePlan(await redis.hget(job, 'file_plan'));
      return plan === null ? first : Math.min(first, plan.blocks);
    },
    /** Whether each of the blocks is committed. */
    async committed(id: string, blocks: readonly number[]): Promise<boolean[]> {
      const { committed } = jobKeys(id);
      const batch = redis.pipeline();
      for (const block of blocks) batch.getbit(committed, block);
      return ((await batch.exec()) ?? []).map(([error, bit]) => {
        if (error) throw error;
        return bit === 1;
      });
    },
  };
}

/** Also the answer for a job of another tenant, so that nobody learns that it exists. */
export function jobNotFound(id: string): ForebayError {
  return new ForebayError('job_not_found', `There is no job "${id}". GET /v1/jobs lists the jobs.`);
}

const DAY_MS = 24 * 3600 * 1000;
/** How long the record of an ended job is kept. Its output stays. */
export const RETENTION_MS = 7 * DAY_MS;
/** Younger ids stay in the index, even if their record has expired. */
const INDEX_MS = 30 * DAY_MS;

function patchFields(patch: TransitionOptions): string[] {
  const fields: string[] = [];
  if (patch.reason !== undefined)
    fields.push('reason', patch.reason ?? '', 'reason_text', patch.reasonText ?? '');
  if (patch.error !== undefined)
    fields.push('error', patch.error === null ? '' : JSON.stringify(patch.error));
  return fields;
}
