/** The two ways to compare two services: one job after the other, or both at the same moment. */
import { measureJob } from '../endtoend/measure-job.js';
import { measureTogether } from '../endtoend/measure-together.js';

/**
 * `share`: of the machine that each job gets. Jobs are sized by it, so that a job takes as long in both ways.
 * `run`: measures one job on each service, in the given order.
 */
export const WAYS = {
  turns: { share: 1, run: measureInTurns },
  together: { share: 0.5, run: measureTogether },
};

/**
 * @param {keyof typeof WAYS} way @param {readonly object[]} services two @param {object} body of the submit
 * @param {number} number of the pair; every second pair runs in reverse order
 * @returns {Promise<import('../endtoend/measure-job.js').JobFigures[]>} in the order of services
 */
export async function runPair(way, services, body, number) {
  const { run } = WAYS[way];
  if (number % 2 === 0) return run(services, body);
  return (await run(services.toReversed(), body)).toReversed();
}

async function measureInTurns(services, body) {
  const figures = [];
  for (const service of services) figures.push(await measureJob(service, body));
  return figures;
}
