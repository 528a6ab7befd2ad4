/**
 * Creates a job that finishes the output in a folder. job.json holds the request, and the parts show what is done. So this
 * works after Redis has lost everything, and without the original request.
 */
import { randomBytes } from 'node:crypto';
import { newJobId } from '../../../shared/domain/job/job-id.ts';
import { type JobRecord, type JobSpec } from '../../../shared/domain/job/job.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import { createDeltaSettler } from './delta/delta-settler.ts';
import { checkOutput } from '../output/check-output.ts';
import { checkResume, continuedJob } from '../output/continued-job.ts';
import {
  acceptContinuation,
  type ContinuationDeps,
  type PreparedContinuation,
} from './accept-continuation.ts';
import type { Submitter } from './accept-job.ts';
import { FILES_OF_SEVERAL } from './spec-version.ts';
import type { ResumeRequest } from '../../http/wire/resume-request.ts';

export function createResumeOutput(deps: ContinuationDeps & { jobs: Pick<JobStore, 'get' | 'tenantOf'> }) {
  const { input, output } = deps;
  const deltas = createDeltaSettler(deps);

  /**
   * Rejects with ForebayError `not_found` if the folder holds no job of the tenant, with `input_not_found` if spooled
   * rows are gone, and as a submit does.
   */
  return async function resumeOutput(request: ResumeRequest, by: Submitter): Promise<JobRecord> {
    const id = newJobId(Date.now(), randomBytes(16));
    const found = await output.resolve(request.output, id, by.tenant);
    const folder = found.place;
    return acceptContinuation(deps, { id, output: found, by }, async () => {
      const earlier = await checkOutput(found, 'resume');
      if (earlier?.tenant === by.tenant) return prepare(request, earlier, id, folder);
      throw new ForebayError(
        'not_found',
        `"${folder}" has no job.json, so it holds no job. Name the folder that the job wrote to, or submit the job again.`,
      );
    });
  };

  async function prepare(
    request: ResumeRequest,
    earlier: JobSpec,
    id: string,
    folder: string,
  ): Promise<PreparedContinuation> {
    const model = await deps.models.again(earlier);
    const options = { ...earlier.options, ...request.options };
    checkResume(earlier, model, options);
    const { webhook } = request;
    const { tenant } = earlier;
    const delta = earlier.delta && (await deltas.continue(earlier.delta, { id, tenant }));
    const spec: JobSpec = {
      ...earlier,
      v: Math.max(2, earlier.v, delta?.fromSeveral === true ? FILES_OF_SEVERAL : 0),
      id,
      model: model.ref,
      dataset: await input.adopt(earlier.dataset, { from: earlier.id, to: id, folder, tenant }),
      output: folder,
      ...(delta && { delta: delta.delta }),
      options,
      resume: true,
      opening: { if_output_exists: 'resume', earlier: continuedJob(earlier), cut_part: null },
      webhook: webhook ? { url: webhook.url, events: [...webhook.events] } : earlier.webhook,
      created_at: Date.now(),
    };
    await deps.models.offer(model);
    const webhookSecret = webhook ? (webhook.secret ?? null) : await secretOf(earlier.id, tenant);
    return { from: earlier.id, prepared: { spec, total: null, webhookSecret } };
  }

  /** A job.json can name any job, so only the tenant's own jobs pass on their secret. */
  async function secretOf(job: string, tenant: string): Promise<string | null> {
    return (await deps.jobs.tenantOf(job)) === tenant ? deps.webhooks.secretOf(job) : null;
  }
}
