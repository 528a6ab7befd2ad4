/**
 * Watches how much memory the worker holds, and acts before the kernel does. It reports the level, kills the lane that
 * has grown most as the last resort, and restarts lanes that have grown permanently.
 */
import { memoryLevel, type MemoryLevel } from '../../shared/domain/memory-level.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { toMb } from '../../shared/text/bytes.ts';
import type { LanePool, LaneView } from '../lane-pool/lane-pool.ts';
import { createLaneGrowth } from './lane-growth.ts';
import type { MemoryUse, ReadMemoryUse } from './memory-use.ts';
import { processMemory, type ProcessMemory } from './process-memory.ts';

/** A lane allocates at most about 2 GB/s, so at most about 0.5 GB between two checks. */
const LOOK_MS = 250;
const WINDOW_MS = 60_000;
/** A lane that holds this multiple of its baseline permanently is restarted. */
const GROWTH_FACTOR = 2;

export interface MemoryGuard {
  readonly level: MemoryLevel;
  stop(): void;
}

interface SizedLane extends LaneView {
  readonly memory: ProcessMemory;
}

/** Checks once before it returns. */
export function guardMemory(deps: {
  lanes: Pick<LanePool, 'views' | 'kill' | 'recycle'>;
  use: ReadMemoryUse;
  /** A lane restarts when it keeps more than its baseline times this factor. */
  growthFactor?: number;
  onLevel: (level: MemoryLevel) => void;
  emit: Emit;
  lookMs?: number;
  windowMs?: number;
}): MemoryGuard {
  const { lanes, emit } = deps;
  const growth = createLaneGrowth({
    factor: deps.growthFactor ?? GROWTH_FACTOR,
    windowMs: deps.windowMs ?? WINDOW_MS,
  });
  let level: MemoryLevel = 'normal';
  /** A killed lane that may not have exited yet. */
  let dyingPid: number | null = null;

  function look(): void {
    const sized = lanes.views().flatMap((view): SizedLane[] => {
      const memory = processMemory(view.pid);
      return memory ? [{ ...view, memory }] : [];
    });
    const use = deps.use([process.pid, ...sized.map(({ pid }) => pid)]);
    if (use === null) return;
    const before = level;
    level = memoryLevel(use.bytes / use.limitBytes, before);
    if (level !== before) {
      emit('memory.level_changed', { level, before, ...inMb(use) });
      deps.onLevel(level);
    }
    if (level === 'kill' && !killLargest(sized, use) && before !== 'kill')
      emit('memory.exhausted', inMb(use));
    restartGrown(sized);
  }

  /** Returns false if killing a lane would not help. */
  function killLargest(sized: readonly SizedLane[], { bytes, limitBytes }: MemoryUse): boolean {
    // The memory of a killed lane is free only after it has exited.
    if (dyingPid !== null && sized.some(({ pid }) => pid === dyingPid)) return true;
    dyingPid = null;
    // A restarted lane needs the memory of its loaded models again. Killing it for that memory would fail row after row.
    // An idle lane may still hold the memory of its batches, and killing it fails no row.
    const grown = sized
      .filter(({ batches, done }) => batches > 0 || done > 0)
      .map((lane) => ({ lane, by: lane.memory.own - lane.loadedBytes }))
      .filter(({ by }) => by > 0)
      .toSorted((a, b) => b.by - a.by);
    const rest = bytes - grown.reduce((sum, { by }) => sum + by, 0);
    const [largest] = grown;
    if (!largest || memoryLevel(rest / limitBytes, 'normal') === 'kill') return false;
    const { index, pid, memory } = largest.lane;
    dyingPid = pid;
    emit('memory.lane_killed', { lane: index, rss_mb: toMb(memory.own), grown_mb: toMb(largest.by) });
    lanes.kill(index, 'out_of_memory');
    return true;
  }

  function restartGrown(sized: readonly SizedLane[]): void {
    const sizes = sized.map(({ pid, memory, done }) => ({ pid, ownBytes: memory.own, done }));
    const grown = growth.look(sizes);
    // One at a time, so that the others keep working.
    if (sized.some(({ state }) => state === 'draining')) return;
    const lane = sized.find(({ pid }) => grown.has(pid));
    if (!lane) return;
    emit('memory.lane_grown', {
      lane: lane.index,
      rss_mb: toMb(lane.memory.own),
      baseline_mb: toMb(grown.get(lane.pid)!),
    });
    lanes.recycle(lane.index);
  }

  look();
  const timer = setInterval(look, deps.lookMs ?? LOOK_MS);
  timer.unref();
  return {
    get level() {
      return level;
    },
    stop: () => clearInterval(timer),
  };
}

function inMb({ bytes, limitBytes }: MemoryUse): { used_mb: number; limit_mb: number } {
  return { used_mb: toMb(bytes), limit_mb: toMb(limitBytes) };
}
