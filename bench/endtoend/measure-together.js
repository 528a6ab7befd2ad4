/** Measures jobs of several services that run at the same time, so that the state of the machine affects all alike. */
import { whenReached } from './commits.js';
import { figuresOf, observeJob } from './measure-job.js';

/**
 * Share of its rows at which the job that is ahead closes the window. Its last blocks leave lanes idle, and the other
 * job would gain what they leave.
 */
const UNTIL = 0.95;

/**
 * Starts one job on each service at the same moment. All figures are of the same window: it opens when every job has
 * committed a block, and closes shortly before the first of them ends.
 * @param {readonly { client: object, pid: number }[]} services in the order in which they get their submit
 * @param {object} body of the submit
 * @returns {Promise<import('./measure-job.js').JobFigures[]>} in the order of services; `others`: without the other jobs
 */
export async function measureTogether(services, body) {
  const observed = await Promise.all(services.map(async (service) => observeJob(service, body)));
  const window = sharedWindow(observed.map(({ commits }) => commits));
  const figures = observed.map((one) => figuresOf(one, window));
  const used = figures.reduce((sum, one) => sum + one.utilisation, 0);
  return figures.map((one) => ({
    ...one,
    others: Math.max(0, one.others + one.utilisation - used),
  }));
}

function sharedWindow(all) {
  const from = Math.max(...all.map((commits) => commits[0].at));
  const to = Math.min(...all.map((commits) => whenReached(commits, UNTIL)));
  if (to <= from) throw new Error('one job ended before the other began: give the jobs more rows');
  return { from, to };
}
