/**
 * The steps that every new job goes through, whatever it is made from: it claims its output, is admitted, is
 * described by job.json and gets its record; or nothing of it is left. No HTTP here.
 */
import { jobIdTime } from '../shared/domain/job-id.ts';
import { isTerminal } from '../shared/domain/job-state.ts';
import type { JobRecord, JobSpec } from '../shared/domain/job.ts';
import { ForebayError } from '../shared/errors.ts';
import type { JobStore } from '../shared/queue/job-store.ts';
import type { WebhookQueue } from '../shared/queue/webhook-queue.ts';
import type { OutputPreparer } from './prepare-output.ts';
import type { Quotas } from './quotas.ts';
import type { InputResolver } from './resolve-input.ts';

/** Who asks for a job. */
export interface Submitter {
  readonly tenant: string;
  /** The tenant's quotas hold. */
  readonly limited: boolean;
}

/** No submit takes longer from its claim to its record. */
const CLAIM_MS = 600_000;

export interface JobToTakeOn {
  readonly spec: JobSpec;
  /** Rows, where it is known. */
  readonly total: number | null;
  /** Signs its webhook; null: the service's own. */
  readonly webhookSecret: string | null;
}

export type TakeOnJob = ReturnType<typeof createTakeOnJob>;

export function createTakeOnJob(deps: {
  jobs: JobStore;
  input: Pick<InputResolver, 'discard'>;
  output: Pick<OutputPreparer, 'describe'>;
  webhooks: Pick<WebhookQueue, 'follow' | 'forget'>;
  /** ForebayError `url_not_allowed` for a URL that can never be reached. */
  checkWebhook: (url: string) => void;
  maxJobs: number;
  /** Absent: no tenant has any. */
  quotas?: Quotas;
}) {
  const { jobs, input, output, webhooks } = deps;

  async function claimOutput(folder: string, id: string): Promise<void> {
    const holder = await jobs.claimOutput(folder, id);
    if (holder === id) return;
    const other = await jobs.get(holder);
    // A submit that died between claim and record, or a job that died between its end and its release. One that is
    // under way is listed as active, whatever its machine's clock says of its age.
    const gone = other
      ? isTerminal(other.status)
      : !(await jobs.isActive(holder)) && Date.now() - jobIdTime(holder) > CLAIM_MS;
    if (gone && (await jobs.takeOutput(folder, holder, id))) return;
    throw new ForebayError(
      'output_in_use',
      `Job ${holder} is writing to "${folder}". Choose another output, or wait for it or cancel it.`,
    );
  }

  /** `prepare`: makes the job, with the output its own. What it spooled under `id` goes where this fails. */
  return async function takeOn(
    id: string,
    folder: string,
    { tenant, limited }: Submitter,
    prepare: () => Promise<JobToTakeOn>,
  ): Promise<JobRecord> {
    const quotas = limited ? deps.quotas : undefined;
    await quotas?.checkBytes(tenant);
    await claimOutput(folder, id);
    try {
      await jobs.admit(id, deps.maxJobs, tenant, quotas?.jobs ?? null);
      const { spec, total, webhookSecret } = await prepare();
      await quotas?.checkRows(tenant, total ?? 0);
      if (spec.webhook) deps.checkWebhook(spec.webhook.url);
      await output.describe(spec);
      // Before the record: a job that exists is followed.
      if (spec.webhook) await webhooks.follow(id, webhookSecret);
      await jobs.create(spec, total);
    } catch (error) {
      await webhooks.forget(id);
      await jobs.forget(id);
      await input.discard(id);
      await jobs.releaseOutput(folder, id);
      throw error;
    }
    return jobs.mustGet(id);
  };
}
