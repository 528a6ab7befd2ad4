/**
 * Creates jobs in Redis. One script writes the record and claims the output, the idempotency key and a place among the
 * active jobs. A job has all of them or does not exist, so a submit that dies leaves nothing behind.
 */
import type { Redis } from 'ioredis';
import type { JobSpec } from '../domain/job.ts';
import { idempotencyKey, indexKeys, jobKeys, outputKey, WAKE_CHANNELS } from './keys.ts';
import { LEASE_MS } from './lease.ts';
import type { RunScript } from './scripts.ts';

/** An `Idempotency-Key` with its tenant and the digest of its request. */
export interface RequestKey {
  readonly key: string;
  readonly tenant: string;
  readonly digest: string;
}

export interface NewJob {
  readonly spec: JobSpec;
  /** Number of rows of the job. Null: unknown. */
  readonly total: number | null;
  /** Signs the webhook. Null: the service's own secret signs it. */
  readonly webhookSecret: string | null;
  readonly requestKey: RequestKey | null;
  /** An ended job that still claims the output. Null: none. */
  readonly takesOver: string | null;
  /**
   * The submitter's lease. The submitter opens the output, and no feeder starts before that. Null: a feeder opens the
   * output.
   */
  readonly lease: string | null;
}

export interface JobLimits {
  /** Maximum active jobs of all tenants. */
  readonly jobs: number;
  /** Maximum active jobs of the job's tenant. Null: no limit. */
  readonly ofTenant: number | null;
}

export interface RequestClaim {
  readonly job: string;
  readonly digest: string;
}

export type Creation =
  | { readonly outcome: 'created' }
  /** An earlier request with the same key created a job. */
  | { readonly outcome: 'repeated'; readonly claim: RequestClaim }
  | { readonly outcome: 'output_held'; readonly by: string }
  | { readonly outcome: 'full' }
  | { readonly outcome: 'tenant_full' };

export type JobCreation = ReturnType<typeof createJobCreation>;

export function createJobCreation(deps: { redis: Redis; run: RunScript }) {
  const { redis, run } = deps;

  return {
    /** Creates the job, or changes nothing. After a lost reply, call it again with the same spec. */
    async create(job: NewJob, limits: JobLimits): Promise<Creation> {
      const { spec, total, requestKey, webhookSecret } = job;
      const { id, tenant } = spec;
      const keys = jobKeys(id);
      const [outcome, detail = ''] = (await run(
        'create-job',
        [
          keys.job,
          keys.events,
          outputKey(spec.output),
          requestKey ? idempotencyKey(requestKey.key, requestKey.tenant) : keys.job,
          indexKeys.jobs,
          indexKeys.active,
          indexKeys.tenants,
          indexKeys.jobsOf(tenant),
          keys.webhook,
          indexKeys.webhooks,
          keys.lease,
        ],
        [
          id,
          JSON.stringify(spec),
          spec.created_at,
          total ?? '',
          tenant,
          limits.jobs,
          limits.ofTenant ?? '',
          requestKey ? `${id} ${requestKey.digest}` : '',
          IDEMPOTENCY_MS,
          job.takesOver ?? '',
          spec.webhook ? 1 : 0,
          webhookSecret ?? '',
          job.lease ?? '',
          LEASE_MS,
        ],
      )) as [Creation['outcome'], string?];
      if (outcome === 'repeated') return { outcome, claim: readClaim(detail) };
      return outcome === 'output_held' ? { outcome, by: detail } : { outcome };
    },

    /** Wakes the feeders for a job that nobody feeds. If the wake-up is lost, a sweep finds the job. */
    async announce(id: string): Promise<void> {
      await redis.publish(WAKE_CHANNELS.job, id);
    },

    /**
     * Whether another job would be accepted now. Only `create` decides. This check saves work for a job that it would
     * refuse.
     */
    async room(tenant: string, limits: JobLimits): Promise<'free' | 'full' | 'tenant_full'> {
      const [active, tenants] = await Promise.all([
        redis.scard(indexKeys.active),
        limits.ofTenant === null ? [] : redis.hvals(indexKeys.tenants),
      ]);
      const its = tenants.filter((other) => other === tenant).length;
      if (limits.ofTenant !== null && its >= limits.ofTenant) return 'tenant_full';
      return active >= limits.jobs ? 'full' : 'free';
    },

    /** The job that an `Idempotency-Key` created. Null: none. */
    async claimOf({ key, tenant }: Pick<RequestKey, 'key' | 'tenant'>): Promise<RequestClaim | null> {
      const claim = await redis.get(idempotencyKey(key, tenant));
      return claim === null ? null : readClaim(claim);
    },

    /** The job that claims an output folder. Null: none. */
    async outputHolder(folder: string): Promise<string | null> {
      return redis.get(outputKey(folder));
    },
    /** Releases the output of an ended job. False if another job claims it, or none. */
    async releaseOutput(folder: string, job: string): Promise<boolean> {
      return (await run('release-claim', [outputKey(folder)], [job])) === 1;
    },
  };
}

const IDEMPOTENCY_MS = 24 * 3600 * 1000;

function readClaim(text: string): RequestClaim {
  const [job = '', digest = ''] = text.split(' ');
  return { job, digest };
}
