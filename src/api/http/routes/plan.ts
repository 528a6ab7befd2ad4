/** Plans: what a job would do, and how fast it would run. */
import type { JobUseCases } from '../../jobs/job-use-cases.ts';
import type { BackgroundParser } from '../body/background-parser.ts';
import { PLAN } from '../wire/plan.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';
import { SETTLE_PROBLEMS } from './problem-sets.ts';
import { submitBody } from './submit-body.ts';

export interface PlanDeps extends Pick<JobUseCases, 'planJob'> {
  readonly parser: BackgroundParser;
}

export function mountPlan(target: MountTarget, deps: PlanDeps): void {
  mount(
    target,
    {
      method: 'post',
      path: '/v1/plan',
      operationId: 'planJob',
      tag: 'Jobs',
      access: 'jobs:write',
      summary: 'Plan a job',
      description:
        'Takes the same body as `POST /v1/jobs` and shows what the job would do. It lists the operators, where they run, and each size with the constraint that set it. Live workers run a sample for about a second. The sample gives an estimate of rows/s and of the total time, with an error bar. Nothing is submitted or written. A plan takes about 1 to 10 seconds.',
      body: submitBody(deps.parser),
      success: [{ status: 200, description: 'The plan.', content: { 'application/json': PLAN } }],
      problems: [...SETTLE_PROBLEMS, 'output_not_empty', 'list_too_long'],
    },
    async ({ c, caller, body }) => c.json(await deps.planJob(body, caller.tenant)),
  );
}
