/** What the whole service does now: its active jobs, live workers and queues. For metrics and the dashboard. */
import type { JobRecord } from '../../shared/domain/job/job.ts';
import type { ModelRef } from '../../shared/domain/model/model-config.ts';
import type { BlockQueues } from '../../shared/queue/blocks/block-queue.ts';
import type { QueueSlots } from '../../shared/queue/blocks/queue-slots.ts';
import { nullIfNewer } from '../../shared/queue/jobs/job-specs.ts';
import type { JobStore } from '../../shared/queue/jobs/job-store.ts';
import { blockQueueName } from '../../shared/queue/keys.ts';
import {
  isReady,
  offeredModels,
  type WorkerInfo,
  type WorkerRegistry,
} from '../../shared/queue/workers/worker-registry.ts';

export interface SurveyDeps {
  readonly jobs: Pick<JobStore, 'activeIds' | 'get'>;
  readonly workers: Pick<WorkerRegistry, 'live'>;
  readonly queues: Pick<BlockQueues, 'depth' | 'oldest'>;
  readonly slots: Pick<QueueSlots, 'count'>;
  /** Number of slots of a queue, if this many live lanes serve its model. */
  readonly queueLimit: (lanes: number) => number;
}

export interface QueueSurvey {
  readonly name: string;
  readonly model: ModelRef;
  readonly waiting: number;
  readonly active: number;
  readonly slots: number;
  readonly limit: number;
  /** When the block that has waited longest was added, ms since the epoch. Null: none waits. */
  readonly oldestAt: number | null;
  /** Lanes of live workers that can run its blocks. */
  readonly lanes: number;
  /** Active jobs that use it. */
  readonly jobs: readonly JobRecord[];
}

export interface ServiceSurvey {
  readonly jobs: readonly JobRecord[];
  readonly workers: readonly WorkerInfo[];
  /** Of active jobs and of the models of live workers. */
  readonly queues: readonly QueueSurvey[];
}

/** What there is to do, and who does it. */
export type ServiceActivity = Pick<ServiceSurvey, 'jobs' | 'workers'>;

export async function surveyService(deps: SurveyDeps): Promise<ServiceSurvey> {
  const { jobs, workers, models } = await findQueues(deps);
  const queues = await Promise.all(
    [...models].map(async ([name, model]) =>
      surveyQueue(deps, name, model, {
        jobs: jobs.filter(({ spec }) => blockQueueName(spec.model) === name),
        lanes: lanesOf(name, workers),
      }),
    ),
  );
  return { jobs, workers, queues: queues.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** Sorted. */
export async function queueNamesOf(deps: Pick<SurveyDeps, 'jobs' | 'workers'>): Promise<string[]> {
  return [...(await findQueues(deps)).models.keys()].toSorted();
}

/** Jobs of newer versions are left out. */
export async function surveyActivity(deps: Pick<SurveyDeps, 'jobs' | 'workers'>): Promise<ServiceActivity> {
  const [ids, workers] = await Promise.all([deps.jobs.activeIds(), deps.workers.live()]);
  const records = await Promise.all(ids.map(async (id) => deps.jobs.get(id).catch(nullIfNewer)));
  return { jobs: records.filter((record) => record !== null), workers };
}

/** `models`: by queue. */
async function findQueues(deps: Pick<SurveyDeps, 'jobs' | 'workers'>) {
  const { jobs, workers } = await surveyActivity(deps);
  const models = new Map<string, ModelRef>();
  for (const { ref } of workers.flatMap((worker) => worker.models)) models.set(blockQueueName(ref), ref);
  for (const { spec } of jobs) models.set(blockQueueName(spec.model), spec.model);
  return { jobs, workers, models };
}

async function surveyQueue(
  { queues, slots, queueLimit }: SurveyDeps,
  name: string,
  model: ModelRef,
  users: Pick<QueueSurvey, 'jobs' | 'lanes'>,
): Promise<QueueSurvey> {
  const priorities = [...new Set(users.jobs.map(({ spec }) => spec.options.priority))];
  const [depth, used, oldestAt] = await Promise.all([
    queues.depth(name),
    slots.count(name),
    queues.oldest(name, priorities),
  ]);
  return {
    name,
    model,
    waiting: depth.waiting,
    active: depth.active,
    slots: used,
    limit: queueLimit(users.lanes),
    oldestAt,
    ...users,
  };
}

function lanesOf(queue: string, workers: readonly WorkerInfo[]): number {
  return workers
    .flatMap(offeredModels)
    .filter((served) => isReady(served) && blockQueueName(served.ref) === queue)
    .reduce((lanes, served) => lanes + served.lanes, 0);
}
