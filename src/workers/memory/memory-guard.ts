/**
 * Watches what is really held against what may be, and acts before the kernel does: says the level, ends the largest
 * lane as the last resort, and has lanes that have grown for good started again.
 */
import { memoryLevel, type MemoryLevel } from '../../shared/domain/memory-level.ts';
import type { Logger } from '../../shared/observe/logger.ts';
import type { LanePool, LaneView } from '../lane-pool/lane-pool.ts';
import { processMemory, type ProcessMemory } from './process-memory.ts';
import { createLaneGrowth } from './lane-growth.ts';
import type { MemoryUse, ReadMemoryUse } from './memory-use.ts';

/** A lane fills memory at some 2 GB/s at most: it cannot get far between two looks. */
const LOOK_MS = 250;
const WINDOW_MS = 60_000;
/** Times its baseline that a lane may hold for good before it is restarted. */
const GROWTH_FACTOR = 2;

export interface MemoryGuard {
  readonly level: MemoryLevel;
  stop(): void;
}

interface SizedLane extends LaneView {
  readonly memory: ProcessMemory;
}

export function guardMemory(deps: {
  lanes: Pick<LanePool, 'views' | 'kill' | 'recycle'>;
  use: ReadMemoryUse;
  growthFactor?: number;
  onLevel: (level: MemoryLevel) => void;
  log: Logger;
  lookMs?: number;
  windowMs?: number;
}): MemoryGuard {
  const { lanes, log } = deps;
  const growth = createLaneGrowth({
    factor: deps.growthFactor ?? GROWTH_FACTOR,
    windowMs: deps.windowMs ?? WINDOW_MS,
  });
  let level: MemoryLevel = 'normal';
  /** A lane that was told to end and may still be there. */
  let ending: number | null = null;

  function look(): void {
    const sized = lanes.views().flatMap((view): SizedLane[] => {
      const memory = processMemory(view.pid);
      return memory ? [{ ...view, memory }] : [];
    });
    const use = deps.use([process.pid, ...sized.map(({ pid }) => pid)]);
    if (use === null) return;
    const before = level;
    level = memoryLevel(use.bytes / use.limitBytes, before);
    if (level !== before) tell(before, use);
    if (level === 'kill') endLargest(sized, use, level !== before);
    restartGrown(sized);
  }

  function tell(before: MemoryLevel, { bytes, limitBytes }: MemoryUse): void {
    const fields = { level, before, used_mb: mb(bytes), limit_mb: mb(limitBytes) };
    if (level === 'stop' || level === 'kill') log.warn(fields, SAYS[level]);
    else log.info(fields, SAYS[level]);
    deps.onLevel(level);
  }

  function endLargest(sized: readonly SizedLane[], { bytes, limitBytes }: MemoryUse, first: boolean): void {
    // Its memory is back when it is gone.
    if (ending !== null && sized.some(({ pid }) => pid === ending)) return;
    ending = null;
    // What lanes hold since they loaded their models they will hold again: ending them for that is vain, row after row.
    // One that is idle may hold on to what its batches took: its end costs no row.
    const grown = sized
      .filter(({ batches, done }) => batches > 0 || done > 0)
      .map((lane) => ({ lane, by: lane.memory.own - lane.loadedBytes }))
      .filter(({ by }) => by > 0)
      .toSorted((a, b) => b.by - a.by);
    const rest = bytes - grown.reduce((sum, { by }) => sum + by, 0);
    const [largest] = grown;
    if (largest && memoryLevel(rest / limitBytes, 'normal') !== 'kill') {
      const { index, pid, memory } = largest.lane;
      ending = pid;
      log.error(
        { lane: index, rss_mb: mb(memory.own), grown_mb: mb(largest.by) },
        'memory is about to run out: the lane that has grown most is killed, its rows are tried one by one',
      );
      lanes.kill(index, 'out_of_memory');
    } else if (first) {
      log.error(
        { used_mb: mb(bytes), limit_mb: mb(limitBytes) },
        'memory is at its limit, and no batch is to blame: run fewer lanes, or allow more memory',
      );
    }
  }

  function restartGrown(sized: readonly SizedLane[]): void {
    const sizes = sized.map(({ pid, memory, done }) => ({ pid, ownBytes: memory.own, done }));
    const grown = growth.look(sizes);
    // One at a time: the others go on.
    if (sized.some(({ draining }) => draining)) return;
    const lane = sized.find(({ pid }) => grown.has(pid));
    if (!lane) return;
    const facts = { lane: lane.index, rss_mb: mb(lane.memory.own), baseline_mb: mb(grown.get(lane.pid)!) };
    log.warn(facts, 'a lane has grown and stays so: it is started again after its batches');
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

const SAYS: Readonly<Record<MemoryLevel, string>> = {
  normal: 'memory is back below its watermarks',
  slow: 'memory runs short: lanes get one batch at a time',
  stop: 'memory is almost full: no more blocks are taken until some are done',
  kill: 'memory is about to run out',
};

function mb(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
