/** Watches the resident memory of lanes while they are measured. Linux only: elsewhere nothing is known. */
import { readFileSync } from 'node:fs';

const EVERY_MS = 50;

export interface MemoryWatch {
  /** Largest sum seen, bytes; null where the system does not say. */
  peak(): number | null;
  stop(): void;
}

/** Calls `onOver` once, when the processes together hold more than `limit` bytes. */
export function watchMemory(
  pids: () => readonly (number | null)[],
  limit: number,
  onOver: (bytes: number) => void,
): MemoryWatch {
  let peak: number | null = null;
  let told = false;
  const look = () => {
    const bytes = pids().reduce<number>((sum, pid) => sum + (pid === null ? 0 : residentBytes(pid)), 0);
    if (bytes > (peak ?? 0)) peak = bytes;
    if (bytes <= limit || told) return;
    told = true;
    onOver(bytes);
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    peak: () => peak,
    stop: () => clearInterval(timer),
  };
}

/** 0 where unknown: the process has ended, or there is no /proc. */
function residentBytes(pid: number): number {
  try {
    const [, kb] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kb ?? 0) * 1024;
  } catch {
    return 0;
  }
}
