/**
 * Creates a job that finishes the output in a folder. job.json holds the request, and the parts show what is done. So this
 * works after Redis has lost everything, and without the original request.
 */
import { randomBytes } from 'node:crypto';
import { newJobId } from '../../../shared/domain/job/job-id.ts';
import { SPEC_VERSION, type JobRecord, type JobSpec } from '../../../shared/domain/job/job.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import type { WebhookQueue } from '../../../shared/queue/webhook-queue.ts';
import type { ModelCatalog } from '../../models/model-catalog.ts';
import { checkOutput } from '../output/check-output.ts';
import { checkResume, continuedJob } from '../output/continued-job.ts';
import type { OutputResolver } from '../output/resolve-output.ts';
import type { InputResolver } from './resolve-input.ts';
import { mustAccept, type AcceptJob, type PreparedJob, type Submitter } from './accept-job.ts';
import type { ResumeRequest } from '../../http/wire/resume-request.ts';

export function createResumeOutput(deps: {
  jobs: Pick<JobStore, 'tenantOf'>;
  findModel: ModelCatalog['findModel'];
  input: Pick<InputResolver, 'adopt' | 'discard'>;
  output: OutputResolver;
  webhooks: Pick<WebhookQueue, 'secretOf'>;
  accept: AcceptJob;
}) {
  const { input, output } = deps;

  /** Rejects with ForebayError `not_found` if the folder holds no job, `input_not_found`, and as a submit does. */
  return async function resumeOutput(request: ResumeRequest, by: Submitter): Promise<JobRecord> {
    const id = newJobId(Date.now(), randomBytes(16));
    const folder = await output.resolve(request.output, id, by.tenant);
    let from: string | null = null;
    const job = await mustAccept(deps.accept, { id, folder, by, requestKey: null }, async () => {
      const earlier = await checkOutput(folder, 'resume');
      if (earlier?.tenant === by.tenant) {
        from = earlier.id;
        return prepare(request, earlier, id, folder);
      }
      throw new ForebayError(
        'not_found',
        `"${folder}" has no job.json, so it holds no job. Name the folder that the job wrote to, or submit the job again.`,
      );
    });
    // From here on, spooled rows are kept under the new job's id.
    if (from !== null) await input.discard(from, by.tenant);
    return job;
  };

  async function prepare(
    request: ResumeRequest,
    earlier: JobSpec,
    id: string,
    folder: string,
  ): Promise<PreparedJob> {
    const model = await deps.findModel(earlier.model.name);
    const options = { ...earlier.options, ...request.options };
    checkResume(earlier, model, options);
    const { webhook } = request;
    const { tenant } = earlier;
    const spec: JobSpec = {
      ...earlier,
      v: SPEC_VERSION,
      id,
      model: model.ref,
      dataset: await input.adopt(earlier.dataset, { from: earlier.id, to: id, folder, tenant }),
      output: folder,
      options,
      resume: true,
      opening: { if_output_exists: 'resume', earlier: continuedJob(earlier), cut_part: null },
      webhook: webhook ? { url: webhook.url, events: [...webhook.events] } : earlier.webhook,
      created_at: Date.now(),
    };
    const webhookSecret = webhook ? (webhook.secret ?? null) : await secretOf(earlier.id, tenant);
    return { spec, total: null, webhookSecret };
  }

  /** A job.json can name any job, so only the tenant's own jobs pass on their secret. */
  async function secretOf(job: string, tenant: string): Promise<string | null> {
    return (await deps.jobs.tenantOf(job)) === tenant ? deps.webhooks.secretOf(job) : null;
  }
}
