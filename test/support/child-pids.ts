// Reads from /proc which children a process has, and how much processor time it has used.
import { readdirSync, readFileSync } from 'node:fs';

/** Returns the pids of a process's children in ascending order, without zombies. */
export function childPids(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isChild(pid, parent))
    .toSorted((a, b) => a - b);
}

/** Returns the user and system time that a process has used, or 0 if there is no such process. */
export function cpuSeconds(pid: number): number {
  const fields = readStat(pid);
  return fields === null ? 0 : (Number(fields[11]) + Number(fields[12])) / 100;
}

function isChild(pid: number, parent: number): boolean {
  const fields = readStat(pid);
  return fields !== null && Number(fields[1]) === parent && fields[0] !== 'Z';
}

/** The fields of /proc/PID/stat from the state on. Null if there is no such process. */
export function readStat(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}
