/** A job's statistics: how it spends its time, what it waits for, and which workers announce its model. */
import type { JobRecord } from '../../../shared/domain/job/job.ts';
import type { ModelRef } from '../../../shared/domain/model/model-config.ts';
import type { BlockQueues } from '../../../shared/queue/blocks/block-queue.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import { blockQueueName } from '../../../shared/queue/keys.ts';
import type { QueueSlots } from '../../../shared/queue/blocks/queue-slots.ts';
import type {
  ServedModel,
  WorkerInfo,
  WorkerRegistry,
} from '../../../shared/queue/workers/worker-registry.ts';
import { costsOf } from '../../jobs/report/job-costs.ts';
import { jobStateOf } from '../../jobs/report/job-state-of.ts';
import { reportToWire } from '../wire/job-report.ts';
import { countsToWire, JOB_STATS, type JobStatsWire } from '../wire/stats.ts';
import { JOB_PARAMS } from './jobs.ts';
import { JOB_PROBLEMS } from './problem-sets.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';

export interface JobStatsDeps {
  readonly jobs: Pick<JobStore, 'mustGet' | 'stats' | 'lastRunError'>;
  readonly queues: Pick<BlockQueues, 'depth'>;
  readonly slots: Pick<QueueSlots, 'count'>;
  readonly workers: Pick<WorkerRegistry, 'live'>;
  /** The limit on the slots of a model's queue. Absent: this process does not know it. */
  readonly queueLimit?: (model: ModelRef) => Promise<number>;
}

export function mountJobStats(target: MountTarget, deps: JobStatsDeps): void {
  mount(
    target,
    {
      method: 'get',
      path: '/v1/jobs/{id}/stats',
      operationId: 'getJobStats',
      tag: 'Results and progress',
      access: 'jobs:read',
      summary: "Get a job's statistics",
      description:
        'Time per stage, utilisation of the lanes, the bottleneck and how to remove it. Also batches, the queue and the workers.',
      params: JOB_PARAMS,
      success: [{ status: 200, description: 'The statistics.', content: { 'application/json': JOB_STATS } }],
      problems: JOB_PROBLEMS,
    },
    async ({ c, params }) => c.json(await jobStats(deps, await deps.jobs.mustGet(params.id))),
  );
}

async function jobStats(deps: JobStatsDeps, job: JobRecord): Promise<JobStatsWire> {
  const { id, model } = job.spec;
  const queue = blockQueueName(model);
  const [counters, lastRunError, depth, slots, limit, live] = await Promise.all([
    deps.jobs.stats(id),
    deps.jobs.lastRunError(id),
    deps.queues.depth(queue),
    deps.slots.count(queue),
    deps.queueLimit?.(model) ?? null,
    deps.workers.live(),
  ]);
  const serving = live.flatMap((worker) =>
    worker.models
      .filter((served) => blockQueueName(served.ref) === queue)
      .map((served) => ({ worker, served })),
  );
  const costs = costsOf(counters);
  const state = jobStateOf(
    job,
    serving.map(({ worker }) => worker),
  );
  return {
    ...reportToWire(costs, state),
    errors_by_code: { ...job.errorsByCode },
    ...countsToWire(costs, job.succeeded + job.failed, counters['bytes'] ?? null),
    queue: { name: queue, depth, slots, limit },
    workers: serving.map(workerToWire),
    reason: job.reason,
    reason_text: job.reasonText,
    last_run_error: lastRunError,
  };
}

function workerToWire(serving: { worker: WorkerInfo; served: ServedModel }): JobStatsWire['workers'][number] {
  const { worker, served } = serving;
  return {
    id: worker.id,
    host: worker.host,
    pid: worker.pid,
    pool: worker.pool,
    lanes: served.lanes,
    batch_size: served.batchSize,
    lag_p99_ms: worker.lagP99Ms,
    memory: {
      rss_bytes: worker.memory.rssBytes,
      limit_bytes: worker.memory.limitBytes,
      level: worker.memory.level ?? null,
    },
    inflight: {
      used_bytes: worker.inflight.usedBytes,
      limit_bytes: worker.inflight.limitBytes,
      blocked_ms: worker.inflight.blockedMs,
    },
    problem: served.problem,
  };
}
