/** The two ways to compare two services: one job after the other, or both at the same moment. */
import { measureJob } from '../endtoend/measure-job.js';
import { measureTogether } from '../endtoend/measure-together.js';

/** Each way measures one job on each service. Jobs are submitted in the order of the services. */
export const WAYS = { turns: measureInTurns, together: measureTogether };

/**
 * @param {keyof typeof WAYS} way
 * @param {readonly object[]} services two
 * @param {object} body of the submit
 * @param {number} number of the pair; every second pair runs in reverse order
 * @returns {Promise<import('../endtoend/measure-job.js').JobFigures[]>} in the order of services
 */
export async function runPair(way, services, body, number) {
  const measure = WAYS[way];
  if (number % 2 === 0) return measure(services, body);
  return (await measure(services.toReversed(), body)).toReversed();
}

async function measureInTurns(services, body) {
  const figures = [];
  for (const service of services) figures.push(await measureJob(service, body));
  return figures;
}
