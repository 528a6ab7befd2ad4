/** Cancels, pauses and resumes a job. Only changes the job's state. The feeder acts on the change. */
import type { JobRecord } from '../../shared/domain/job/job.ts';
import { ForebayError } from '../../shared/errors.ts';
import type { JobStatus } from '../../shared/domain/job/job-state.ts';
import type { JobStore } from '../../shared/queue/jobs/job-store.ts';

export interface ControlJob {
  cancel(id: string): Promise<JobRecord>;
  pause(id: string): Promise<JobRecord>;
  resume(id: string): Promise<JobRecord>;
}

export function createControlJob(deps: { jobs: Pick<JobStore, 'mustGet' | 'transition'> }): ControlJob {
  const { jobs } = deps;

  /** `done`: states in which nothing is left to do, so that a repeated request is no error. */
  async function move(
    id: string,
    verb: string,
    to: JobStatus,
    done: readonly JobStatus[],
    from?: readonly JobStatus[],
  ): Promise<JobRecord> {
    const before = await jobs.mustGet(id);
    if (done.includes(before.status)) return before;
    const reason = to === 'paused' ? 'paused' : null;
    if ((await jobs.transition(id, to, { reason, ...(from && { from }) })) === null) {
      const { status } = await jobs.mustGet(id);
      throw new ForebayError('invalid_state', `Job ${id} is ${status}, so it cannot be ${verb}.`);
    }
    return jobs.mustGet(id);
  }

  return {
    cancel: (id) => move(id, 'cancelled', 'cancelling', ['cancelling', 'cancelled']),
    pause: (id) => move(id, 'paused', 'paused', ['paused']),
    async resume(id) {
      const { startedAt, status } = await jobs.mustGet(id);
      const to = startedAt === null ? 'queued' : 'running';
      if (status !== 'paused' && status !== 'queued' && status !== 'running') {
        throw new ForebayError('invalid_state', `Job ${id} is ${status}. Only a paused job can be resumed.`);
      }
      return move(id, 'resumed', to, ['queued', 'running'], ['paused']);
    },
  };
}
