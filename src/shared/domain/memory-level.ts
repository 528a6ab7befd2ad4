/**
 * How near a worker is to its memory limit, and how it reacts. `slow`: it takes a block only for a free lane, and each
 * lane gets one batch at a time. `stop`: it takes a block only when it holds none. `kill`: it also kills the lane that
 * has grown most, before the kernel kills any process. Pure.
 */

export const MEMORY_LEVELS = ['normal', 'slow', 'stop', 'kill'] as const;
export type MemoryLevel = (typeof MEMORY_LEVELS)[number];

/** The share of the limit at which a level begins. The last one must leave room for growth between two checks. */
const FROM: Readonly<Record<MemoryLevel, number>> = { normal: 0, slow: 0.8, stop: 0.9, kill: 0.97 };
/** Hysteresis: larger than the swing of one batch. */
const BACK = 0.04;

/** The level at `share` of the limit, after the level `before`. */
export function memoryLevel(share: number, before: MemoryLevel): MemoryLevel {
  let at = MEMORY_LEVELS.indexOf(before);
  while (at < MEMORY_LEVELS.length - 1 && share >= FROM[MEMORY_LEVELS[at + 1]!]) at += 1;
  while (at > 0 && share < FROM[MEMORY_LEVELS[at]!] - BACK) at -= 1;
  return MEMORY_LEVELS[at]!;
}

/** Whether a worker at this level takes a block only when it holds none. */
export function stopsIntake(level: MemoryLevel | undefined): boolean {
  return level === 'stop' || level === 'kill';
}
