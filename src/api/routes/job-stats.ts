/** Where a job's time goes, what it waits for, who works on it. */
import type { ApiDeps } from '../api-deps.ts';
import type { JobRecord } from '../../shared/domain/job.ts';
import { blockQueueName } from '../../shared/queue/keys.ts';
import { countersToWire, JOB_STATS, type JobStatsWire } from '../wire/stats.ts';
import { JOB_PARAMS } from './jobs.ts';
import { mount, type MountTarget } from './mount.ts';

export function mountJobStats(target: MountTarget, deps: ApiDeps): void {
  mount(
    target,
    {
      method: 'get',
      path: '/v1/jobs/{id}/stats',
      operationId: 'getJobStats',
      tag: 'Results and progress',
      summary: "Get a job's statistics",
      description:
        'Time a stage, batches, the queue and the workers: what to look at when a job is slow or waits.',
      params: JOB_PARAMS,
      success: [{ status: 200, description: 'The statistics.', content: { 'application/json': JOB_STATS } }],
      problems: ['job_not_found'],
    },
    async ({ c, params }) => c.json(await jobStats(deps, await deps.jobs.mustGet(params.id))),
  );
}

async function jobStats(deps: ApiDeps, job: JobRecord): Promise<JobStatsWire> {
  const { id, model } = job.spec;
  const queue = blockQueueName(model);
  const [counters, lastRunError, depth, places, limit, live] = await Promise.all([
    deps.jobs.stats(id),
    deps.jobs.lastRunError(id),
    deps.queues.depth(queue),
    deps.places.count(queue),
    deps.queueLimit?.(model) ?? null,
    deps.workers.live(),
  ]);
  const workers = live.flatMap(({ id: worker, host, pid, pool, lagP99Ms, models }) =>
    models
      .filter((served) => blockQueueName(served.ref) === queue)
      .map(({ lanes, batchSize, problem }) => ({
        id: worker,
        host,
        pid,
        pool,
        lanes,
        batch_size: batchSize,
        lag_p99_ms: lagP99Ms,
        problem,
      })),
  );
  return {
    ...countersToWire(counters, job.succeeded + job.failed),
    queue: { name: queue, depth, places, limit },
    workers,
    reason: job.reason,
    last_run_error: lastRunError,
  };
}
