/**
 * Jobs in Redis: records, states, counters, events. Every change is one Lua script; nothing else writes
 * these keys. How jobs come to be is job-creation.ts, their blocks are job-window.ts.
 */
import type { Redis } from 'ioredis';
import { newJobId } from '../domain/job-id.ts';
import type { JobRecord } from '../domain/job.ts';
import { statesBefore, type JobStatus } from '../domain/job-state.ts';
import type { Skipped } from '../domain/skipped.ts';
import { DEFAULT_TENANT } from '../domain/tenant.ts';
import { ForebayError } from '../errors.ts';
import { createJobCreation } from './job-creation.ts';
import { readJobRecord } from './job-record.ts';
import { createJobSpecs } from './job-specs.ts';
import { indexKeys, jobKeys, WAKE_CHANNELS } from './keys.ts';
import { LeaseLost } from './lease.ts';
import type { RunScript } from './scripts.ts';

/** Fields set along with a transition (null clears), and who may make it. */
export interface TransitionOptions {
  /** Only from these states; default: all from which the table allows it. */
  readonly from?: readonly JobStatus[];
  /** The feeder's lease, where only the feeder may do it. */
  readonly lease?: string;
  readonly reason?: string | null;
  /** More about the reason, in words. */
  readonly reasonText?: string | null;
  readonly error?: { code: string; message: string } | null;
}

export interface JobEvent {
  /** Position in the job's event stream; also the SSE id. */
  readonly id: string;
  readonly type: string;
  /** JSON text. */
  readonly data: string;
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
   * Compare-and-set. Returns the state left behind, or null where the job was not in a state that allows it. Throws
   * LeaseLost where a lease is given and lost.
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

  /** Sets fields of a record that exists. Throws LeaseLost where `lease` is given and lost. */
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

    /** Job ids, newest first, older than `before`; of one tenant, or (null) of all. */
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
    /** Those of one tenant, also while their submit is still at work. */
    async activeOf(tenant: string): Promise<string[]> {
      const owners = await redis.hgetall(indexKeys.tenants);
      return Object.keys(owners).filter((id) => owners[id] === tenant);
    },
    async isActive(id: string): Promise<boolean> {
      return (await redis.sismember(indexKeys.active, id)) === 1;
    },
    /** Forgets that a job is active, and all of it after the retention time. */
    async retire(id: string): Promise<void> {
      const keys = jobKeys(id);
      const tenant = await redis.hget(indexKeys.tenants, id);
      const batch = redis
        .multi()
        .srem(indexKeys.active, id)
        .hdel(indexKeys.tenants, id)
        .del(keys.window, keys.runs, keys.attempts, keys.journal, keys.errors, keys.parts, keys.lease);
      for (const key of [keys.job, keys.committed, keys.events, keys.stats]) batch.pexpire(key, RETENTION_MS);
      // Ids outlive their records a little; without this the index would grow for ever.
      const oldest = newJobId(now() - INDEX_MS, new Uint8Array(16));
      batch.zremrangebylex(indexKeys.jobs, '-', `(${oldest}`);
      if (tenant !== null) batch.zremrangebylex(indexKeys.jobsOf(tenant), '-', `(${oldest}`);
      await batch.exec();
    },
    async forget(id: string): Promise<void> {
      const tenant = await redis.hget(indexKeys.tenants, id);
      const batch = redis.multi().srem(indexKeys.active, id).hdel(indexKeys.tenants, id);
      if (tenant !== null) batch.zrem(indexKeys.jobsOf(tenant), id);
      await batch.zrem(indexKeys.jobs, id).exec();
    },
    /** Whose job it is; null where there is none. */
    async tenantOf(id: string): Promise<string | null> {
      const [tenant = null, status = null] = await redis.hmget(jobKeys(id).job, 'tenant', 'status');
      // A record without a tenant was written before there were any.
      return tenant ?? (status === null ? null : DEFAULT_TENANT);
    },

    /** Counts what a job left on storage, once, until its retention time is over. */
    async noteStored(tenant: string, id: string, bytes: number): Promise<void> {
      const key = indexKeys.storedOf(tenant);
      await redis
        .multi()
        .zremrangebyscore(key, '-inf', now())
        .zadd(key, now() + RETENTION_MS, `${id}/${bytes}`)
        .pexpire(key, RETENTION_MS)
        .exec();
    },
    /** Bytes that the ended jobs of a tenant left on storage. */
    async storedBytes(tenant: string): Promise<number> {
      const members = await redis.zrangebyscore(indexKeys.storedOf(tenant), `(${now()}`, '+inf');
      return members.reduce((sum, member) => sum + Number(member.slice(member.indexOf('/') + 1)), 0);
    },

    async setTotal(id: string, total: number): Promise<void> {
      await patch(id, { total });
    },
    /** `text`: more about it, in words. */
    async setReason(id: string, reason: string | null, text: string | null = null): Promise<void> {
      await patch(id, { reason: reason ?? '', reason_text: text ?? '' });
    },
    /** The output is the job's: its feeder has opened it. Throws LeaseLost. */
    async markOpened(id: string, lease: string): Promise<void> {
      await patch(id, { opened: 1 }, lease);
    },
    /** The whole dataset is read. `skipped`: what it holds beside its rows. Throws LeaseLost. */
    async markFedAll(id: string, lease: string, skipped: Skipped): Promise<void> {
      await patch(id, { fed_all: 1, skipped: JSON.stringify(skipped) }, lease);
    },
    async stats(id: string): Promise<Record<string, number>> {
      const hash = await redis.hgetall(jobKeys(id).stats);
      return Object.fromEntries(Object.entries(hash).map(([k, v]) => [k, Number(v)]));
    },
    async lastRunError(id: string): Promise<string | null> {
      return redis.hget(jobKeys(id).job, 'last_run_error');
    },

    /** Events after `after` (exclusive), oldest first; the newest id when `after` is null. */
    async events(id: string, after: string, count = 1000): Promise<JobEvent[]> {
      const entries = await redis.xrange(jobKeys(id).events, `(${after}`, '+', 'COUNT', count);
      return entries.map(([eventId, fields]) => ({
        id: eventId,
        type: fields[fields.indexOf('type') + 1]!,
        data: fields[fields.indexOf('data') + 1]!,
      }));
    },
    async lastEventId(id: string): Promise<string> {
      const [last] = await redis.xrevrange(jobKeys(id).events, '+', '-', 'COUNT', 1);
      return last?.[0] ?? '0-0';
    },
    async firstEventId(id: string): Promise<string> {
      const [first] = await redis.xrange(jobKeys(id).events, '-', '+', 'COUNT', 1);
      return first?.[0] ?? '0-0';
    },

    /** The first block that is not committed: all before it are. */
    async watermark(id: string): Promise<number> {
      const committed = jobKeys(id).committed;
      const position = await redis.bitpos(committed, 0);
      if (position >= 0) return position;
      return (await redis.strlen(committed)) * 8;
    },
    /** Whether each of the blocks is committed. */
    async committed(id: string, blocks: readonly number[]): Promise<boolean[]> {
      const { committed } = jobKeys(id);
      const bits = await Promise.all(blocks.map(async (block) => redis.getbit(committed, block)));
      return bits.map((bit) => bit === 1);
    },
  };
}

/** The same for a job of another tenant: nobody learns that it is there. */
export function jobNotFound(id: string): ForebayError {
  return new ForebayError('job_not_found', `There is no job "${id}". GET /v1/jobs lists the jobs.`);
}

const DAY_MS = 24 * 3600 * 1000;
/** How long an ended job can be asked for. Its output stays. */
export const RETENTION_MS = 7 * DAY_MS;
const INDEX_MS = 30 * DAY_MS;

function patchFields(patch: TransitionOptions): string[] {
  const fields: string[] = [];
  if (patch.reason !== undefined)
    fields.push('reason', patch.reason ?? '', 'reason_text', patch.reasonText ?? '');
  if (patch.error !== undefined)
    fields.push('error', patch.error === null ? '' : JSON.stringify(patch.error));
  return fields;
}
