/** What a diagnosis needs to know of a job beside its costs. */
import type { JobRecord } from '../../../shared/domain/job.ts';
import { isTerminal } from '../../../shared/domain/job-state.ts';
import type { WorkerInfo } from '../../../shared/queue/worker-registry.ts';
import type { JobState } from './diagnose-job.ts';

/** `workers`: live ones that serve its model. */
export function jobStateOf(job: JobRecord, workers: readonly WorkerInfo[]): JobState {
  const { model, options } = job.spec;
  return {
    model: model.name,
    ended: isTerminal(job.status) || job.status === 'finalizing' || job.status === 'cancelling',
    reason: job.reason,
    blockRows: options.block_rows,
    concurrency: options.concurrency,
    workers: workers.map(({ memory }) => ({
      rssBytes: memory.rssBytes,
      memoryLimitBytes: memory.limitBytes,
    })),
  };
}
