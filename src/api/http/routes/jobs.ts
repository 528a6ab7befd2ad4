/** Jobs: submit, list, get, cancel, pause, resume. */
import { z } from 'zod';
import type { Emit } from '../../../shared/observe/events.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import type { JobCommand, JobUseCases } from '../../jobs/job-use-cases.ts';
import { listJobs } from '../../jobs/list-jobs.ts';
import type { BackgroundParser } from '../body/background-parser.ts';
import { tenantSeen } from '../middleware/caller.ts';
import { JOB, jobToWire } from '../wire/job.ts';
import { JOB_LIST, JOB_LIST_QUERY, statusFilter } from '../wire/job-list.ts';
import { JOB_ID } from '../wire/scalars.ts';
import { IDEMPOTENCY_KEY } from '../wire/submit-request.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';
import { CREATE_PROBLEMS, JOB_PROBLEMS } from './problem-sets.ts';
import { submitBody } from './submit-body.ts';

export const JOB_PARAMS = z.strictObject({ id: JOB_ID });
const JSON_JOB = { 'application/json': JOB };

export interface JobsDeps extends Pick<JobUseCases, 'submitJob' | 'controlJob'> {
  readonly jobs: Pick<JobStore, 'mustGet' | 'list' | 'get'>;
  readonly parser: BackgroundParser;
  readonly emit: Emit;
}

export function mountJobs(target: MountTarget, deps: JobsDeps): void {
  mount(
    target,
    {
      method: 'post',
      path: '/v1/jobs',
      operationId: 'submitJob',
      tag: 'Jobs',
      access: 'jobs:write',
      summary: 'Submit a job',
      description:
        'Accepts a job and returns immediately. The service then reads and counts the dataset, and runs its rows. Inline rows and URL lists are written to disk before the response.',
      headers: z.object({ 'idempotency-key': IDEMPOTENCY_KEY.optional() }),
      body: submitBody(deps.parser),
      success: [
        {
          status: 202,
          description: 'The job.',
          content: JSON_JOB,
          headers: {
            Location: 'Path of the job.',
            'Idempotent-Replayed': '`true` if an earlier request with the same key created the job.',
          },
        },
      ],
      problems: [
        ...CREATE_PROBLEMS,
        'idempotency_conflict',
        'request_in_progress',
        'newer_version',
        'output_not_empty',
        'list_too_long',
        'too_many_rows',
      ],
    },
    async ({ c, caller, body, headers }) => {
      const { job, replayed } = await deps.submitJob(body, headers['idempotency-key'] ?? null, {
        tenant: caller.tenant,
        limited: caller.key !== null,
      });
      deps.emit('job.submitted', {
        job: job.spec.id,
        model: job.spec.model.name,
        tenant: caller.tenant,
        key: caller.key,
        replayed,
      });
      return c.json(jobToWire(job), 202, {
        Location: `/v1/jobs/${job.spec.id}`,
        ...(replayed ? { 'Idempotent-Replayed': 'true' } : {}),
      });
    },
  );

  mount(
    target,
    {
      method: 'get',
      path: '/v1/jobs',
      operationId: 'listJobs',
      tag: 'Jobs',
      access: 'jobs:read',
      summary: 'List jobs, newest first',
      description:
        "The jobs of the key's tenant. A key with scope `admin` lists those of all tenants. Jobs are kept for seven days after their end. Their results stay.",
      query: JOB_LIST_QUERY,
      success: [{ status: 200, description: 'A page of jobs.', content: { 'application/json': JOB_LIST } }],
      problems: ['invalid_cursor'],
    },
    async ({ c, caller, query }) =>
      c.json(
        await listJobs(deps.jobs, {
          tenant: tenantSeen(caller),
          limit: query.limit,
          cursor: query.cursor ?? null,
          statuses: statusFilter(query.status),
        }),
      ),
  );

  mount(
    target,
    {
      method: 'get',
      path: '/v1/jobs/{id}',
      operationId: 'getJob',
      tag: 'Jobs',
      access: 'jobs:read',
      summary: 'Get a job',
      params: JOB_PARAMS,
      success: [{ status: 200, description: 'The job.', content: JSON_JOB }],
      problems: JOB_PROBLEMS,
    },
    async ({ c, params }) => c.json(jobToWire(await deps.jobs.mustGet(params.id))),
  );

  for (const [command, summary, description] of COMMANDS) {
    mount(
      target,
      {
        method: 'post',
        path: `/v1/jobs/{id}/${command}`,
        operationId: `${command}Job`,
        tag: 'Jobs',
        access: 'jobs:write',
        summary,
        description,
        params: JOB_PARAMS,
        success: [{ status: 200, description: 'The job afterwards.', content: JSON_JOB }],
        problems: [...JOB_PROBLEMS, 'invalid_state'],
      },
      async ({ c, params }) => {
        const job = await deps.controlJob[command](params.id);
        deps.emit('job.controlled', { job: job.spec.id, command, status: job.status });
        return c.json(jobToWire(job));
      },
    );
  }
}

const COMMANDS: readonly (readonly [JobCommand, string, string])[] = [
  [
    'cancel',
    'Cancel a job',
    'Waiting blocks are withdrawn. Committed rows stay in the output. The job is `cancelling` until its running blocks have ended.',
  ],
  ['pause', 'Pause a job', 'Waiting blocks are withdrawn, and other jobs get their slots.'],
  ['resume', 'Resume a paused job', 'The job continues where it stopped.'],
];
