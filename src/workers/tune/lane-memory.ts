/** Watches the resident memory of lanes while they are measured. Linux only: elsewhere nothing is known. */
import { processMemory } from '../memory/process-memory.ts';

const EVERY_MS = 50;

export interface MemoryWatch {
  /** Largest sum seen, bytes; null where the system does not say. */
  peak(): number | null;
  stop(): void;
}

/** Calls `onOver` once, when the lanes together hold more than `limit` bytes. */
export function watchMemory(options: {
  /** Of the lanes that are measured; these alone are what is told. */
  readonly pids: () => readonly (number | null)[];
  /** Of lanes kept for later: `onCrowded` is to end them, when with them it is more than the limit. */
  readonly idle: () => readonly (number | null)[];
  readonly limit: number;
  readonly onCrowded: () => void;
  readonly onOver: (bytes: number) => void;
}): MemoryWatch {
  const { pids, idle, limit, onCrowded, onOver } = options;
  let peak: number | null = null;
  let told = false;
  const look = () => {
    const bytes = residentOf(pids());
    if (bytes > (peak ?? 0)) peak = bytes;
    if (told) return;
    if (bytes > limit) {
      told = true;
      onOver(bytes);
    } else if (bytes + residentOf(idle()) > limit) {
      onCrowded();
    }
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    peak: () => peak,
    stop: () => clearInterval(timer),
  };
}

/** What the lanes share counts for each; nothing for one that has ended. */
function residentOf(pids: readonly (number | null)[]): number {
  const found = pids.map((pid) => (pid === null ? null : processMemory(pid)));
  return found.reduce((sum, memory) => sum + (memory === null ? 0 : memory.own + memory.shared), 0);
}
