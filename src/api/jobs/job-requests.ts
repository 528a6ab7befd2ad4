/** What can be asked of jobs, put together once: the API's face of them. Needs no feeder and no sweeper. */
import type { ApiDeps } from '../http/api-deps.ts';
import { createControlJob } from './control-job.ts';
import { createPlanJob } from '../plan/create-plan.ts';
import { createResumeOutput } from './create/resume-output.ts';
import { createRetryJob } from './create/retry-job.ts';
import { createSubmitJob } from './create/submit-job.ts';
import { createAcceptJob } from './create/accept-job.ts';

type Parts = Omit<
  Parameters<typeof createAcceptJob>[0] &
    Parameters<typeof createSubmitJob>[0] &
    Parameters<typeof createRetryJob>[0] &
    Parameters<typeof createResumeOutput>[0] &
    Parameters<typeof createPlanJob>[0],
  'accept'
>;

export function createJobRequests(
  parts: Parts,
): Pick<ApiDeps, 'submitJob' | 'retryJob' | 'resumeOutput' | 'planJob' | 'controlJob'> {
  const all = { ...parts, accept: createAcceptJob(parts) };
  return {
    submitJob: createSubmitJob(all),
    retryJob: createRetryJob(all),
    resumeOutput: createResumeOutput(all),
    planJob: createPlanJob(all),
    controlJob: createControlJob(all),
  };
}
