/**
 * CPU time and memory of a tree of processes by sampling, the same way for the service and its peers. Memory is the
 * sum of PSS: a page that several processes share, as those of Ray's object store, counts once.
 */
import { readFileSync } from 'node:fs';
import { treeOf } from '../harness/processes.js';

const TICKS = 100;

/** @param {number} pid @returns `stop()`: CPU seconds since the start, of processes that have ended too; peak in bytes */
export function watchTree(pid, everyMs = 400) {
  /** Own CPU seconds a process at the first and at the last sight of it; one that is new began at 0. */
  const before = new Map(treeOf(pid).map((one) => [one, ownSeconds(one)]));
  const last = new Map(before);
  let peakBytes = 0;
  const take = () => {
    let bytes = 0;
    for (const one of treeOf(pid)) {
      last.set(one, ownSeconds(one) || (last.get(one) ?? 0));
      bytes += pssBytes(one);
    }
    peakBytes = Math.max(peakBytes, bytes);
  };
  take();
  const timer = setInterval(take, everyMs);
  return {
    stop() {
      clearInterval(timer);
      take();
      const cpuSeconds = [...last].reduce((sum, [one, now]) => sum + now - (before.get(one) ?? 0), 0);
      return { cpuSeconds, peakBytes };
    },
  };
}

function ownSeconds(pid) {
  const stat = read(`/proc/${pid}/stat`);
  // The name, in brackets, may hold blanks.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return stat === '' ? 0 : (Number(user) + Number(system)) / TICKS;
}

function pssBytes(pid) {
  return Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
