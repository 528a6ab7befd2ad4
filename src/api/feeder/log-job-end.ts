/** One line for each job that ends, by the feeder that ended it. */
import { isTerminal } from '../../shared/domain/job-state.ts';
import type { JobRecord } from '../../shared/domain/job.ts';
import type { Logger } from '../../shared/observe/logger.ts';

export function logJobEnd(log: Logger, job: JobRecord | null): void {
  if (job === null || !isTerminal(job.status)) return;
  const { spec, startedAt, finishedAt } = job;
  log.info(
    {
      job: spec.id,
      model: spec.model.name,
      status: job.status,
      succeeded: job.succeeded,
      failed: job.failed,
      ...(startedAt !== null && finishedAt !== null && { seconds: (finishedAt - startedAt) / 1000 }),
      ...(job.error !== null && { code: job.error.code, error: job.error.message }),
    },
    'job ended',
  );
}
