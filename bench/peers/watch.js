/**
 * Samples CPU time and memory of a tree of processes, in the same way for the service and its peers. Memory is the sum of
 * PSS, so a page that several processes share counts once. Ray's object store is shared memory.
 */
import { readFileSync } from 'node:fs';
import { cpuSeconds, treeOf } from '../harness/processes.js';

/**
 * @param {number} pid
 * @returns `stop()`: CPU seconds since the start, including processes that have ended; `cpuBetween(from, to)`, in seconds since
 *   the epoch; and the peak in bytes
 */
export function watchTree(pid, everyMs = 400) {
  /** CPU seconds of each process at its first and at its last sample. A process that starts later began at 0. */
  const before = new Map(treeOf(pid).map((one) => [one, cpuSeconds([one])]));
  const last = new Map(before);
  let peakBytes = 0;
  /** CPU seconds so far, by time. */
  const samples = [];
  const soFar = () => [...last].reduce((sum, [one, now]) => sum + now - (before.get(one) ?? 0), 0);
  const take = () => {
    let bytes = 0;
    for (const one of treeOf(pid)) {
      // A process that has just ended reads as 0, so its last sample stays.
      last.set(one, cpuSeconds([one]) || (last.get(one) ?? 0));
      bytes += pssBytes(one);
    }
    peakBytes = Math.max(peakBytes, bytes);
    samples.push({ at: Date.now() / 1000, seconds: soFar() });
  };
  take();
  const timer = setInterval(take, everyMs);
  return {
    stop() {
      clearInterval(timer);
      take();
      const cpuBetween = (from, to) => secondsAt(samples, to) - secondsAt(samples, from);
      return { cpuSeconds: soFar(), cpuBetween, peakBytes };
    },
  };
}

/** Interpolates between samples. */
function secondsAt(samples, moment) {
  const after = samples.findIndex(({ at }) => at >= moment);
  if (after <= 0) return after < 0 ? samples.at(-1).seconds : samples[0].seconds;
  const [low, high] = [samples[after - 1], samples[after]];
  return low.seconds + ((high.seconds - low.seconds) * (moment - low.at)) / (high.at - low.at || 1);
}

function pssBytes(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) * 1024;
  } catch {
    // The process has ended.
    return 0;
  }
}
