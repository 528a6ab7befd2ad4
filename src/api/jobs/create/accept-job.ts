/**
 * The steps that every new job goes through, whatever request creates it. All checks come first. Then one Redis script
 * creates the job with all its claims. After that, under the job's lease, the contents of the output may change. A
 * refused request changes nothing (ADR 8).
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isTerminal } from '../../../shared/domain/job/job-state.ts';
import type { JobRecord, JobSpec } from '../../../shared/domain/job/job.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type {
  Creation,
  JobLimits,
  NewJob,
  RequestClaim,
  RequestKey,
} from '../../../shared/queue/jobs/job-creation.ts';
import { nullIfNewer } from '../../../shared/queue/jobs/job-specs.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import type { JobWindow } from '../../../shared/queue/blocks/job-window.ts';
import { takeOverOutput } from '../output/take-over-output.ts';
import { redisTrouble } from '../../../shared/redis/redis-trouble.ts';
import type { Output } from '../../../shared/storage/output.ts';
import type { Quotas } from './quotas.ts';
import type { InputResolver } from './resolve-input.ts';
import { counted } from '../../../shared/text/counted.ts';

/** The caller who asks for a job. */
export interface Submitter {
  readonly tenant: string;
  /** Whether the tenant's quotas apply. */
  readonly limited: boolean;
}

export interface PreparedJob {
  readonly spec: JobSpec;
  /** Number of rows, if known. */
  readonly total: number | null;
  /** Key that signs the job's webhook. Null: the service's own key. */
  readonly webhookSecret: string | null;
}

/** `repeated`: an earlier request with the same key created another job, so no job was created. */
export type Accepted = { readonly job: JobRecord } | { readonly repeated: RequestClaim };

/** A job to create: where it writes, who asks, and the Idempotency-Key of the request. */
export interface Candidate {
  readonly id: string;
  readonly output: Output;
  readonly by: Submitter;
  readonly requestKey: RequestKey | null;
}

export type AcceptJob = ReturnType<typeof createAcceptJob>;

/** How often creation is attempted if replies are lost. Creation is idempotent. */
const TRIES = 3;
const RETRY_MS = 200;

export function createAcceptJob(deps: {
  jobs: Pick<
    JobStore,
    'room' | 'get' | 'mustGet' | 'isActive' | 'outputHolder' | 'create' | 'markOpened' | 'announce'
  >;
  window: Pick<JobWindow, 'dropLease' | 'holdsLease'>;
  input: Pick<InputResolver, 'discard'>;
  /** Throws ForebayError `url_not_allowed` for a URL that can never be reached. */
  checkWebhook: (url: string) => void;
  maxJobs: number;
  /** Absent: no tenant has quotas. */
  quotas?: Quotas;
}) {
  const { jobs, window, input } = deps;

  async function refuseIfFull(tenant: string, limits: JobLimits): Promise<void> {
    const room = await jobs.room(tenant, limits);
    if (room !== 'free') throw noRoom(room, tenant, limits);
  }

  /** Whether the job that holds an output has ended and left only its claim. */
  async function hasEnded(holder: string): Promise<boolean> {
    const other = await jobs.get(holder).catch(nullIfNewer);
    return other ? isTerminal(other.status) : !(await jobs.isActive(holder));
  }

  async function refuseIfHeld(folder: string): Promise<void> {
    const holder = await jobs.outputHolder(folder);
    if (holder !== null && !(await hasEnded(holder))) throw outputInUse(holder, folder);
  }

  /** Retries after a lost reply, because then the job may or may not exist. */
  async function createWithRetries(job: NewJob, limits: JobLimits): Promise<Creation> {
    for (let tries = TRIES; ; tries--) {
      try {
        return await jobs.create(job, limits);
      } catch (error) {
        if (tries === 1 || redisTrouble(error) !== 'away') throw error;
        await delay(RETRY_MS);
      }
    }
  }

  async function create(job: NewJob, limits: JobLimits): Promise<Creation> {
    const creation = await createWithRetries(job, limits);
    if (creation.outcome !== 'output_held' || !(await hasEnded(creation.by))) return creation;
    return createWithRetries({ ...job, takesOver: creation.by }, limits);
  }

  /**
   * Takes over the output before the response. From then on the output can be resumed, whatever happens to Redis. If
   * this fails, a feeder retries and reports a failure on the job.
   */
  async function openOutput(output: Output, id: string, lease: string): Promise<void> {
    try {
      const { spec, opened } = await jobs.mustGet(id);
      if (!opened && spec.opening) {
        await takeOverOutput(output, spec, spec.opening, lease, async () => window.holdsLease(id, lease));
        await jobs.markOpened(id, lease);
      }
    } catch {
      // The feeder will hit the same failure and report it.
    }
    await window.dropLease(id, lease);
    await jobs.announce(id);
  }

  /** `prepare` creates the job's spec. It may spool rows under the job's id, and must change nothing else. */
  return async function accept(
    { id, output, by, requestKey }: Candidate,
    prepare: () => Promise<PreparedJob>,
  ): Promise<Accepted> {
    const { tenant } = by;
    const quotas = by.limited ? deps.quotas : undefined;
    const limits = { jobs: deps.maxJobs, ofTenant: quotas?.jobs ?? null };
    const lease = randomUUID();
    let undoFolder = async () => {};
    let unanswered = false;
    try {
      await quotas?.checkBytes(tenant);
      await refuseIfFull(tenant, limits);
      await refuseIfHeld(output.place);
      const { spec, total, webhookSecret } = await prepare();
      await quotas?.checkRows(tenant, total ?? 0);
      if (spec.webhook) deps.checkWebhook(spec.webhook.url);
      undoFolder = await output.prepare();
      unanswered = true;
      const job = { spec, total, webhookSecret, requestKey, takesOver: null, lease };
      const creation = await create(job, limits);
      unanswered = false;
      if (creation.outcome === 'repeated') {
        await undo();
        return { repeated: creation.claim };
      }
      if (creation.outcome === 'output_held') throw outputInUse(creation.by, output.place);
      if (creation.outcome !== 'created') throw noRoom(creation.outcome, tenant, limits);
    } catch (error) {
      // Without a reply the job may exist, so its files must stay. If it does not exist, the sweeper removes them.
      if (!unanswered || redisTrouble(error) !== 'away') await undo();
      throw error;
    }
    await openOutput(output, id, lease);
    return { job: await jobs.mustGet(id) };

    async function undo(): Promise<void> {
      await input.discard(id, tenant);
      await undoFolder();
    }
  };
}

function outputInUse(holder: string, folder: string): ForebayError {
  return new ForebayError(
    'output_in_use',
    `Job ${holder} is writing to "${folder}". Choose another output, wait for that job, or cancel it.`,
  );
}

function noRoom(why: 'full' | 'tenant_full', tenant: string, limits: JobLimits): ForebayError {
  if (why === 'tenant_full') {
    return new ForebayError(
      'quota_jobs',
      `Tenant "${tenant}" has ${counted(limits.ofTenant ?? 0, 'job')} queued, running or paused, which is its quota. Retry when one has ended.`,
      { retryAfterS: 10 },
    );
  }
  return new ForebayError(
    'too_many_jobs',
    `This service has ${counted(limits.jobs, 'job')} queued, running or paused, which is its limit. Retry when one has ended.`,
    { retryAfterS: 10 },
  );
}
