/**
 * Rows per second that one worker computes for each model: the rows of its running jobs, over the time that their lanes
 * worked. Idle time does not count. So the rate does not fall because there are more workers than the jobs can use, or
 * because several models share them.
 */
import { blockQueueName } from '../../shared/queue/keys.ts';
import { isLoaded } from '../../shared/queue/workers/worker-registry.ts';
import { costsOf, laneWork, showSteadyState, type Counters } from '../jobs/report/job-costs.ts';
import type { ServiceActivity } from '../overview/survey-service.ts';

/** By queue. `counters`: of each job in `jobs`, in the same order. */
export function measureRates(
  { jobs, workers }: ServiceActivity,
  counters: readonly Counters[],
): ReadonlyMap<string, number> {
  const sums = new Map<string, Record<string, number>>();
  for (const [at, { spec }] of jobs.entries()) {
    const queue = blockQueueName(spec.model);
    const sum = sums.get(queue) ?? {};
    for (const [name, value] of Object.entries(counters[at]!)) sum[name] = (sum[name] ?? 0) + value;
    sums.set(queue, sum);
  }
  const models = workers.flatMap((worker) => worker.models).filter(isLoaded);
  const rates = new Map<string, number>();
  for (const [queue, sum] of sums) {
    const costs = costsOf(sum);
    const serving = models.filter(({ ref }) => blockQueueName(ref) === queue);
    if (costs === null || !showSteadyState(costs) || serving.length === 0) continue;
    const lanes = serving.reduce((all, model) => all + model.lanes, 0) / serving.length;
    const rate = (costs.rows * lanes * 1000) / laneWork(costs);
    if (rate > 0) rates.set(queue, rate);
  }
  return rates;
}
