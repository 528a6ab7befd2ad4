/**
 * Lanes of the last few shapes, resident: going back to one costs nothing. How much memory they may hold together
 * is for the caller to watch; it may end those that are idle at any time.
 */
import type { LaneSettings } from '../../shared/profiles/profile.ts';
import { shapeKey, type LaneSet } from './lane-set.ts';

/** The best, the start, and the one that is tried. */
const MOST_KEPT = 3;

export function createLaneStore(start: (settings: LaneSettings) => LaneSet) {
  /** By shape, the one used last at the end. */
  const sets = new Map<string, LaneSet>();

  async function drop(key: string): Promise<void> {
    const set = sets.get(key);
    sets.delete(key);
    await set?.end();
  }

  return {
    async get(settings: LaneSettings): Promise<LaneSet> {
      const key = shapeKey(settings);
      const known = sets.get(key);
      sets.delete(key);
      const [oldest] = sets.keys();
      if (!known && oldest !== undefined && sets.size >= MOST_KEPT) await drop(oldest);
      const set = known ?? start(settings);
      sets.set(key, set);
      return set;
    },
    idle: (busy: LaneSet): LaneSet[] => [...sets.values()].filter((set) => set !== busy),
    /** All but the busy one. */
    async dropIdle(busy: LaneSet): Promise<void> {
      await Promise.all([...sets].map(async ([key, set]) => (set === busy ? undefined : drop(key))));
    },
    async drop(set: LaneSet): Promise<void> {
      for (const [key, one] of sets) if (one === set) await drop(key);
    },
    async end(): Promise<void> {
      await Promise.all([...sets.keys()].map(drop));
    },
    /** Now, when the process ends. */
    kill(): void {
      for (const set of sets.values()) set.kill();
    },
  };
}
