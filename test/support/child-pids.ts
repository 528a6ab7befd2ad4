// Child processes by their parent, as Linux tells.
import { readdirSync, readFileSync } from 'node:fs';

/** In ascending order; zombies left out. */
export function childPids(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isChild(pid, parent))
    .toSorted((a, b) => a - b);
}

function isChild(pid: number, parent: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(ppid) === parent && state !== 'Z';
  } catch {
    return false;
  }
}
