/** CPU time and memory of a tree of processes, from /proc. Linux only; elsewhere everything is null. */
import { readdirSync, readFileSync } from 'node:fs';

/** Ticks a second in /proc: USER_HZ, which Linux fixes at 100 for user space. */
const TICKS = 100;
const PAGE = 4096;

/** The process and all below it now. @param {number} pid @returns {number[]} */
export function treeOf(pid) {
  const children = new Map();
  for (const entry of readdirSync('/proc')) {
    const parent = /^\d+$/.test(entry) ? statOf(Number(entry))?.parent : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const found = [pid];
  for (const one of found) found.push(...(children.get(one) ?? []));
  return found;
}

/** User and system time so far, of those that still live and of the children they waited for. */
export function cpuSeconds(pids) {
  return pids.reduce((sum, pid) => sum + (statOf(pid)?.ticks ?? 0), 0) / TICKS;
}

export function rssBytes(pids) {
  return pids.reduce((sum, pid) => sum + (statOf(pid)?.pages ?? 0), 0) * PAGE;
}

/** CPU time of all processes of the machine, seconds, summed over cores: busy, and busy with idle. */
export function machineSeconds() {
  const [, ...numbers] = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/);
  const ticks = numbers.slice(0, 8).map(Number);
  const all = ticks.reduce((sum, n) => sum + n, 0);
  return { busy: (all - ticks[3] - ticks[4]) / TICKS, all: all / TICKS };
}

/**
 * Watches a tree until stopped. `at`: ms since the epoch.
 * @param {number} pid @param {number} everyMs
 */
export function sampleTree(pid, everyMs = 250) {
  /** @type {{ at: number, cpu: number, byProcess: Map<number, number>, machine: number, rss: number }[]} */
  const samples = [];
  const take = () => {
    const pids = treeOf(pid);
    const byProcess = new Map(pids.map((one) => [one, cpuSeconds([one])]));
    const cpu = [...byProcess.values()].reduce((sum, seconds) => sum + seconds, 0);
    samples.push({ at: Date.now(), cpu, byProcess, machine: machineSeconds().busy, rss: rssBytes(pids) });
  };
  take();
  const timer = setInterval(take, everyMs);
  return {
    samples,
    stop() {
      clearInterval(timer);
      take();
      return samples;
    },
  };
}

/** @returns {{ parent: number, ticks: number, pages: number } | null} */
function statOf(pid) {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name is in parentheses and may hold anything.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    return {
      parent: Number(fields[1]),
      ticks: Number(fields[11]) + Number(fields[12]),
      pages: Number(fields[21]),
    };
  } catch {
    return null;
  }
}

/** What a process is called, for people. */
export function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
  } catch {
    return '';
  }
}
