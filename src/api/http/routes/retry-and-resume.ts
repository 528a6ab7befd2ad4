/** New jobs that continue old ones: retry the failed rows of a job, and finish the job of an output folder. */
import type { Emit } from '../../../shared/observe/events.ts';
import type { JobUseCases } from '../../jobs/job-use-cases.ts';
import { JOB, jobToWire } from '../wire/job.ts';
import { RESUME_BODY, toResumeRequest } from '../wire/resume-request.ts';
import { JOB_PARAMS } from './jobs.ts';
import { CREATE_PROBLEMS, JOB_PROBLEMS } from './problem-sets.ts';
import type { Success } from '../endpoint/endpoint.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';

const NEW_JOB: Success = {
  status: 202,
  description: 'The new job.',
  content: { 'application/json': JOB },
  headers: { Location: 'Path of the new job.' },
};

export interface RetryAndResumeDeps extends Pick<JobUseCases, 'retryJob' | 'resumeOutput'> {
  readonly emit: Emit;
}

export function mountRetryAndResume(target: MountTarget, deps: RetryAndResumeDeps): void {
  mount(
    target,
    {
      method: 'post',
      path: '/v1/jobs/{id}/retry',
      operationId: 'retryJob',
      access: 'jobs:write',
      tag: 'Jobs',
      summary: 'Run the failed rows of a job again',
      description:
        'Creates a new job (`retry_of`) that runs the failed rows of an ended job again, into the same output. Its parts follow the existing ones, and rows keep their index. If the parts of the output have become files, the parts of the retry become further files. `manifest.json` then describes both jobs. A retry can be retried. For this, rows that came with the request are kept as long as the job (7 days).',
      params: JOB_PARAMS,
      success: [NEW_JOB],
      problems: [...JOB_PROBLEMS, ...CREATE_PROBLEMS, 'invalid_state'],
    },
    async ({ c, caller, params }) => {
      const job = await deps.retryJob(params.id, { tenant: caller.tenant, limited: caller.key !== null });
      deps.emit('job.retried', { job: job.spec.id, retry_of: params.id });
      return c.json(jobToWire(job), 202, { Location: `/v1/jobs/${job.spec.id}` });
    },
  );

  mount(
    target,
    {
      method: 'post',
      path: '/v1/jobs/resume',
      operationId: 'resumeOutput',
      access: 'jobs:write',
      tag: 'Jobs',
      summary: 'Finish the job of an output folder',
      description:
        'Creates a new job from the `job.json` in an output folder. It adopts the existing parts and computes the rest. It needs only the folder, so it works even after Redis has lost its data. For a paused job use POST /v1/jobs/{id}/resume.',
      body: {
        schema: RESUME_BODY,
        limit: { bytes: 64 * 1024, advice: 'It only needs to name a folder.' },
      },
      success: [NEW_JOB],
      problems: [...CREATE_PROBLEMS, 'not_found'],
    },
    async ({ c, caller, body }) => {
      const job = await deps.resumeOutput(toResumeRequest(body), {
        tenant: caller.tenant,
        limited: caller.key !== null,
      });
      deps.emit('output.resumed', { job: job.spec.id, output: job.spec.output });
      return c.json(jobToWire(job), 202, { Location: `/v1/jobs/${job.spec.id}` });
    },
  );
}
