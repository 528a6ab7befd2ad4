/** How many workers each pool should have now: its work, the decision, and what earlier decisions allow. */
import { blockQueueName } from '../../shared/queue/keys.ts';
import type { JobStore } from '../../shared/queue/jobs/job-store.ts';
import type { ScaleMemory } from '../../shared/queue/workers/scale-memory.ts';
import { surveyActivity, type ServiceActivity, type SurveyDeps } from '../overview/survey-service.ts';
import { holdScale, holdText } from './hold-scale.ts';
import { measureRates } from './measure-rates.ts';
import { hasWork, poolsOf, workOfPool, type PoolWork } from './pool-work.ts';
import { wantedWorkers, type ScaleSettings } from './wanted-workers.ts';

export interface PoolScale {
  readonly work: PoolWork;
  /** Workers that the pool should have. */
  readonly workers: number;
  readonly backlogS: number;
  /** In words, without a full stop. */
  readonly why: string;
}

export interface PoolScales {
  /** Of every pool with live workers or active jobs, by name. `activity`: as it was just read. */
  all(activity?: ServiceActivity): Promise<PoolScale[]>;
  /** Of any pool, even one that has never been heard of. */
  one(pool: string): Promise<PoolScale>;
}

/** Redis keeps a pool's state this much longer than needed, so that it survives pauses between requests for it. */
const STATE_SPARE_MS = 600_000;

export function createPoolScales(deps: {
  readonly survey: Pick<SurveyDeps, 'jobs' | 'workers'>;
  readonly jobs: Pick<JobStore, 'stats'>;
  readonly memory: ScaleMemory;
  readonly settings: ScaleSettings;
}): PoolScales {
  const { survey, jobs, memory, settings } = deps;

  async function ratesOf(activity: ServiceActivity) {
    const working = { ...activity, jobs: activity.jobs.filter(hasWork) };
    const measured = measureRates(
      working,
      await Promise.all(working.jobs.map(async ({ spec }) => jobs.stats(spec.id))),
    );
    const queues = new Set(working.jobs.map(({ spec }) => blockQueueName(spec.model)));
    const [remembered] = await Promise.all([
      memory.rates([...queues].filter((queue) => !measured.has(queue))),
      memory.keepRates(measured),
    ]);
    return { measured, remembered, assumed: settings.rowsPerS };
  }

  async function scales(pools: readonly string[], activity: ServiceActivity): Promise<PoolScale[]> {
    const rates = await ratesOf(activity);
    return Promise.all(pools.map(async (pool) => scaleOf(workOfPool(pool, activity, rates))));
  }

  async function scaleOf(work: PoolWork): Promise<PoolScale> {
    const wanted = wantedWorkers(work, settings);
    const { state, now } = await memory.update(
      work.pool,
      settings.downAfterMs + STATE_SPARE_MS,
      (before, time) =>
        holdScale(before, { wanted: wanted.workers, live: work.liveWorkers, now: time }, settings),
    );
    const held = holdText(state, wanted.workers, now, settings);
    const why = held === null ? wanted.why : `${wanted.why}; ${held}`;
    return { work, workers: state.workers, backlogS: wanted.backlogS, why };
  }

  return {
    async all(activity) {
      const found = activity ?? (await surveyActivity(survey));
      return scales(poolsOf(found), found);
    },
    async one(pool) {
      const [scale] = await scales([pool], await surveyActivity(survey));
      return scale!;
    },
  };
}
