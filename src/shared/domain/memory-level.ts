/**
 * How near a worker is to its memory limit, and what it does about it: `slow` no batch beyond those that run and no
 * block beyond need, `stop` a block only with nothing in hand, `kill` the largest lane ends before the kernel picks one.
 * Pure.
 */

const LEVELS = ['normal', 'slow', 'stop', 'kill'] as const;
export type MemoryLevel = (typeof LEVELS)[number];

/** Shares of the limit from which a level holds. The last must leave room for what grows between two looks. */
const FROM: Readonly<Record<MemoryLevel, number>> = { normal: 0, slow: 0.8, stop: 0.9, kill: 0.97 };
/** A level is left this far below where it was entered: more than one batch comes and goes with. */
const BACK = 0.04;

/** The level at `share` of the limit, coming from another. */
export function memoryLevel(share: number, before: MemoryLevel): MemoryLevel {
  let at = LEVELS.indexOf(before);
  while (at < LEVELS.length - 1 && share >= FROM[LEVELS[at + 1]!]) at += 1;
  while (at > 0 && share < FROM[LEVELS[at]!] - BACK) at -= 1;
  return LEVELS[at]!;
}

/** Whether a worker at this level takes no block but to keep from standing still. */
export function stopsIntake(level: MemoryLevel | undefined): boolean {
  return level === 'stop' || level === 'kill';
}
