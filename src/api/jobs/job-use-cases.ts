/** Wires the use cases of jobs together. They need neither a feeder nor a sweeper. */
import type { JobRecord } from '../../shared/domain/job/job.ts';
import type { PlanWire } from '../http/wire/plan.ts';
import type { ResumeRequest } from '../http/wire/resume-request.ts';
import type { SubmitRequest } from '../http/wire/submit-request.ts';
import { createControlJob } from './control-job.ts';
import { createPlanJob } from '../plan/plan-job.ts';
import { createResumeOutput } from './create/resume-output.ts';
import { createRetryJob } from './create/retry-job.ts';
import { createSubmitJob } from './create/submit-job.ts';
import { createAcceptJob, type Submitter } from './create/accept-job.ts';

export type JobCommand = 'cancel' | 'pause' | 'resume';

export interface JobUseCases {
  /** `replayed`: an earlier request with the same Idempotency-Key created this job. */
  submitJob(
    request: SubmitRequest,
    idempotencyKey: string | null,
    by: Submitter,
  ): Promise<{ job: JobRecord; replayed: boolean }>;
  /** Creates a job from the failed rows of an ended one. */
  retryJob(id: string, by: Submitter): Promise<JobRecord>;
  /** Creates a job that finishes the output in a folder. */
  resumeOutput(request: ResumeRequest, by: Submitter): Promise<JobRecord>;
  planJob(request: SubmitRequest, tenant: string): Promise<PlanWire>;
  readonly controlJob: Readonly<Record<JobCommand, (id: string) => Promise<JobRecord>>>;
}

type Parts = Omit<
  Parameters<typeof createAcceptJob>[0] &
    Parameters<typeof createSubmitJob>[0] &
    Parameters<typeof createRetryJob>[0] &
    Parameters<typeof createResumeOutput>[0] &
    Parameters<typeof createPlanJob>[0] &
    Parameters<typeof createControlJob>[0],
  'accept'
>;

export function createJobUseCases(parts: Parts): JobUseCases {
  const all = { ...parts, accept: createAcceptJob(parts) };
  return {
    submitJob: createSubmitJob(all),
    retryJob: createRetryJob(all),
    resumeOutput: createResumeOutput(all),
    planJob: createPlanJob(all),
    controlJob: createControlJob(all),
  };
}
