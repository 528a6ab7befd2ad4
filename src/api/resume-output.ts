/**
 * Finishes what an output folder holds, from the folder alone: job.json says what was asked for, the parts what is
 * done. For when Redis has lost everything, or the request is not at hand. No HTTP here.
 */
import { randomBytes } from 'node:crypto';
import { JOB_ID, newJobId } from '../shared/domain/job-id.ts';
import type { JobRecord, JobSpec } from '../shared/domain/job.ts';
import { ForebayError } from '../shared/errors.ts';
import type { WebhookQueue } from '../shared/queue/webhook-queue.ts';
import type { OutputPreparer } from './prepare-output.ts';
import type { InputResolver } from './resolve-input.ts';
import { checkResume, type FindModel } from './submit-job.ts';
import type { JobToTakeOn, Submitter, TakeOnJob } from './take-on-job.ts';
import type { ResumeRequest } from './wire/resume-request.ts';

export function createResumeOutput(deps: {
  findModel: FindModel;
  input: Pick<InputResolver, 'adopt' | 'discard'>;
  output: Pick<OutputPreparer, 'place' | 'inspect'>;
  webhooks: Pick<WebhookQueue, 'secretOf'>;
  takeOn: TakeOnJob;
}) {
  const { input, output } = deps;

  /** ForebayError `not_found` where the folder holds no job, `input_not_found`, and those of a submit. */
  return async function resumeOutput(request: ResumeRequest, by: Submitter): Promise<JobRecord> {
    const id = newJobId(Date.now(), randomBytes(16));
    const folder = await output.place(request.output, id, by.tenant);
    const handedOver: string[] = [];
    const job = await deps.takeOn(id, folder, by, async () => {
      const earlier = await output.inspect(folder, 'resume');
      if (earlier?.tenant === by.tenant) {
        const made = await prepare(request, earlier, id, folder);
        handedOver.push(earlier.id);
        return made;
      }
      throw new ForebayError(
        'not_found',
        `"${folder}" holds no job: there is no job.json in it. Name the folder that the job wrote to, or submit the job anew.`,
      );
    });
    // Spooled rows are kept under the new job's name from here on.
    for (const from of handedOver) await input.discard(from);
    return job;
  };

  async function prepare(
    request: ResumeRequest,
    earlier: JobSpec,
    id: string,
    folder: string,
  ): Promise<JobToTakeOn> {
    if (!JOB_ID.safeParse(earlier.id).success) {
      throw new ForebayError(
        'resume_mismatch',
        `job.json in "${folder}" names no job: it was not written by Forebay.`,
      );
    }
    const model = await deps.findModel(earlier.model.name);
    const options = { ...earlier.options, ...request.options };
    checkResume(earlier, model, options);
    const { webhook } = request;
    const spec: JobSpec = {
      ...earlier,
      id,
      model: model.ref,
      dataset: await input.adopt(earlier.dataset, {
        from: earlier.id,
        to: id,
        folder,
        tenant: earlier.tenant,
      }),
      output: folder,
      options,
      resume: true,
      webhook: webhook ? { url: webhook.url, events: [...webhook.events] } : earlier.webhook,
      created_at: Date.now(),
    };
    const secret = webhook ? (webhook.secret ?? null) : await deps.webhooks.secretOf(earlier.id);
    return { spec, total: null, webhookSecret: secret };
  }
}
