/** Watches the resident memory of lanes while they are measured. Only Linux reports it. */
import { processMemory } from '../memory/process-memory.ts';

const EVERY_MS = 50;

export interface MemoryWatch {
  /** Largest observed sum, in bytes. Null if the system does not report it. */
  peak(): number | null;
  stop(): void;
}

/** Calls `onOver` once, when the lanes together hold more than `limit` bytes. */
export function watchMemory(options: {
  /** Lanes that are measured. `peak` and `onOver` are about these alone. */
  readonly pids: () => readonly (number | null)[];
  /** Lanes that are kept for later. `onCrowded` should end them if all lanes together exceed the limit. */
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

/** Counts shared memory for each lane, and nothing for a lane that has ended. */
function residentOf(pids: readonly (number | null)[]): number {
  const found = pids.map((pid) => (pid === null ? null : processMemory(pid)));
  return found.reduce((sum, memory) => sum + (memory === null ? 0 : memory.own + memory.shared), 0);
}
