/** What a diagnosis needs to know about a job, in addition to its costs. */
import type { JobRecord } from '../../../shared/domain/job/job.ts';
import { isTerminal } from '../../../shared/domain/job/job-state.ts';
import { decodingAdvice } from '../../../shared/tasks/task-options.ts';
import type { WorkerInfo } from '../../../shared/queue/workers/worker-registry.ts';

export interface JobState {
  readonly model: string;
  readonly ended: boolean;
  readonly reason: string | null;
  readonly blockRows: number;
  readonly concurrency: number | null;
  /** What the options of its task can do about slow decoding. */
  readonly decodingAdvice: string;
  /** Live workers that serve the model. */
  readonly workers: readonly {
    readonly rssBytes: number | null;
    readonly memoryLimitBytes: number;
  }[];
}

/** `workers`: live workers that serve the job's model. */
export function jobStateOf(job: JobRecord, workers: readonly WorkerInfo[]): JobState {
  const { model, options } = job.spec;
  return {
    model: model.name,
    ended: isTerminal(job.status) || job.status === 'finalizing' || job.status === 'cancelling',
    reason: job.reason,
    blockRows: options.block_rows,
    concurrency: options.concurrency,
    decodingAdvice: decodingAdvice(options),
    workers: workers.map(({ memory }) => ({
      rssBytes: memory.rssBytes,
      memoryLimitBytes: memory.limitBytes,
    })),
  };
}
