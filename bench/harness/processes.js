/** CPU time and memory of processes and of trees of processes, from /proc. Works on Linux only. */
import { readdirSync, readFileSync } from 'node:fs';

/** Ticks per second in /proc. Linux fixes this value, USER_HZ, at 100 for user space. */
const TICKS = 100;
const PAGE = 4096;

/** The role of a process whose command line contains the text. */
const ROLES = [
  ['lane/main.js', 'lanes'],
  ['workers/main.js', 'worker'],
  ['api/main.js', 'api'],
  ['redis-server', 'redis'],
  ['valkey', 'redis'],
];

/**
 * The process and all its current descendants.
 * @param {number} pid
 * @returns {number[]}
 */
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

/** User and system time so far, without children. A process that has ended counts 0. */
export function cpuSeconds(pids) {
  return pids.reduce((sum, pid) => sum + (statOf(pid)?.ticks ?? 0), 0) / TICKS;
}

/** Resident memory. A process that has ended counts 0. */
export function rssBytes(pids) {
  return pids.reduce((sum, pid) => sum + (statOf(pid)?.pages ?? 0), 0) * PAGE;
}

/** CPU seconds that all programs of the machine have used so far, summed over its cores. */
export function machineSeconds() {
  const [, ...numbers] = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/);
  const [user, nice, system, , , irq, softirq, steal] = numbers.map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS;
}

/** The role of a process of the service. @returns {'lanes' | 'worker' | 'api' | 'redis' | 'launcher'} */
export function roleOf(pid) {
  const command = commandOf(pid);
  return ROLES.find(([part]) => command.includes(part))?.[1] ?? 'launcher';
}

/** @returns {{ parent: number, ticks: number, pages: number } | null} null: the process has ended */
function statOf(pid) {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may contain blanks and parentheses.
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

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
  } catch {
    return '';
  }
}
