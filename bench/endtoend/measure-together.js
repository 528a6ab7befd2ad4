/**
 * Measures jobs of several services that run at the same time, so that the state of the machine affects all of them alike.
 */
import { sharedWindow } from './commits.js';
import { figuresOf, observeJob } from './measure-job.js';

/**
 * Starts one job on each service at the same moment. All figures are of the window that the jobs share.
 * @param {readonly { client: object, pid: number }[]} services in the order in which they get their submit
 * @param {object} body of the submit
 * @returns {Promise<import('./measure-job.js').JobFigures[]>} in the order of services; `others` excludes the other jobs
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
