/** Samples the CPU time and memory of a service's processes while a job runs, and computes figures from the samples. */
import { readResources } from '../../dist/workers/settings/resources.js';
import { cpuSeconds, machineSeconds, roleOf, rssBytes, treeOf } from './processes.js';

/**
 * @typedef {object} Sample
 * @property {number} at ms since the epoch
 * @property {Map<number, number>} byProcess CPU seconds so far
 * @property {number} machine CPU seconds so far of all programs
 * @property {number} rss bytes
 */

/**
 * Watches the current processes of the tree, until `stop()`.
 * @param {number} pid
 * @param {number} everyMs
 */
export function sampleTree(pid, everyMs) {
  /** @type {Sample[]} */
  const samples = [];
  // Listed once, because going through all processes takes milliseconds of CPU time from the measured service.
  const pids = treeOf(pid);
  const take = () =>
    samples.push({
      at: Date.now(),
      byProcess: new Map(pids.map((one) => [one, cpuSeconds([one])])),
      machine: machineSeconds(),
      rss: rssBytes(pids),
    });
  take();
  const timer = setInterval(take, everyMs);
  return {
    samples,
    stop() {
      clearInterval(timer);
      take();
    },
  };
}

/**
 * CPU between two moments, interpolated between samples. The processes must still exist, because their command lines
 * show their roles.
 * @param {readonly Sample[]} samples
 * @param {number} from
 * @param {number} to ms since the epoch
 * @returns `wall`: seconds; `utilisation`: share of the cores that the tree used; `others`: that of other programs
 */
export function cpuBetween(samples, from, to) {
  const spent = (of) => valueAt(samples, to, of) - valueAt(samples, from, of);
  const wall = (to - from) / 1000;
  const room = readResources().cpus * wall;
  const secondsByRole = {};
  for (const pid of samples[0].byProcess.keys()) {
    const role = roleOf(pid);
    secondsByRole[role] = (secondsByRole[role] ?? 0) + spent((one) => one.byProcess.get(pid) ?? 0);
  }
  const mine = Object.values(secondsByRole).reduce((sum, seconds) => sum + seconds, 0);
  const machine = spent((one) => one.machine);
  return { wall, secondsByRole, utilisation: mine / room, others: Math.max(0, (machine - mine) / room) };
}

function valueAt(samples, moment, of) {
  const after = samples.findIndex((one) => one.at >= moment);
  if (after <= 0) return of(after < 0 ? samples.at(-1) : samples[0]);
  const [low, high] = [samples[after - 1], samples[after]];
  return of(low) + ((of(high) - of(low)) * (moment - low.at)) / (high.at - low.at || 1);
}
