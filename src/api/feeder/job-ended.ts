/** Emits how a job has ended. The feeder that ended the job calls this. One that lost the job's lease does not. */
import { isTerminal } from '../../shared/domain/job/job-state.ts';
import type { JobRecord } from '../../shared/domain/job/job.ts';
import type { Emit } from '../../shared/observe/events.ts';

export function emitJobEnded(emit: Emit, job: JobRecord | null): void {
  if (job === null || !isTerminal(job.status)) return;
  const { spec, startedAt, finishedAt } = job;
  emit('job.ended', {
    job: spec.id,
    model: spec.model.name,
    status: job.status,
    succeeded: job.succeeded,
    failed: job.failed,
    ...(startedAt !== null && finishedAt !== null && { seconds: (finishedAt - startedAt) / 1000 }),
    submitted_at: spec.created_at,
    ...(job.error !== null && { code: job.error.code, error: job.error.message }),
  });
}
