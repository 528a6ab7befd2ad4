/**
 * Keeps lanes of the last few shapes, so that the search can return to a shape without loading the model again. The
 * caller watches how much memory the lanes hold together, and may end idle ones at any time.
 */
import type { LaneSettings } from '../../../shared/profiles/profile.ts';
import { shapeKey } from './lane-set.ts';

interface Endable {
  /** Resolves when the lanes have ended. */
  end(): Promise<void>;
  kill(): void;
}

/** One each for the best point, the start, and the point that is tried. */
const MOST_KEPT = 3;

export function createLaneStore<LaneSet extends Endable>(start: (settings: LaneSettings) => LaneSet) {
  /** By shape, least recently used first. */
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
    /** Ends all lanes except the busy ones. */
    async dropIdle(busy: LaneSet): Promise<void> {
      await Promise.all([...sets].map(async ([key, set]) => (set === busy ? undefined : drop(key))));
    },
    async drop(set: LaneSet): Promise<void> {
      for (const [key, one] of sets) if (one === set) await drop(key);
    },
    async end(): Promise<void> {
      await Promise.all([...sets.keys()].map(drop));
    },
    /** Kills all lanes. Called when the process ends. */
    kill(): void {
      for (const set of sets.values()) set.kill();
    },
  };
}
