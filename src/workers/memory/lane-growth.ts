/**
 * Distinguishes a lane that has grown permanently (a leak, a fragmented heap) from one whose batches are large. It
 * compares windows of time in which the lane worked. The lane's maximum in the first window is its baseline. The lane has
 * grown if it never falls below a multiple of the baseline during a later window, even while it idles.
 */

export interface LaneSize {
  readonly pid: number;
  readonly ownBytes: number;
  /** Batches finished since its start. */
  readonly done: number;
}

export interface LaneGrowth {
  /** Checks all lanes. Returns the baselines in bytes, by pid, of those that have grown permanently. */
  look(lanes: readonly LaneSize[]): Map<number, number>;
}

interface Watched {
  since: number;
  least: number;
  most: number;
  doneBefore: number;
  baseline: number | null;
}

/** Less growth is not worth a restart, whatever the factor, because loading takes seconds. */
const LEAST_GROWTH = 64 * 1024 * 1024;

export function createLaneGrowth(deps: {
  /** A lane counts as grown if it keeps more than its baseline times this factor. */
  readonly factor: number;
  readonly windowMs: number;
  readonly now?: () => number;
}): LaneGrowth {
  const now = deps.now ?? Date.now;
  const watched = new Map<number, Watched>();

  function begin({ pid, ownBytes, done }: LaneSize, baseline: number | null): Watched {
    const entry = { since: now(), least: ownBytes, most: ownBytes, doneBefore: done, baseline };
    watched.set(pid, entry);
    return entry;
  }

  function hasGrown(lane: LaneSize): boolean {
    const entry = watched.get(lane.pid) ?? begin(lane, null);
    entry.least = Math.min(entry.least, lane.ownBytes);
    entry.most = Math.max(entry.most, lane.ownBytes);
    if (now() - entry.since < deps.windowMs) return false;
    const { least, baseline } = entry;
    const worked = lane.done > entry.doneBefore;
    begin(lane, baseline ?? (worked ? entry.most : null));
    if (!worked || baseline === null) return false;
    return least > baseline * deps.factor && least - baseline > LEAST_GROWTH;
  }

  return {
    look(lanes) {
      const pids = new Set(lanes.map(({ pid }) => pid));
      for (const pid of watched.keys()) if (!pids.has(pid)) watched.delete(pid);
      const grown = lanes.filter(hasGrown);
      return new Map(grown.map(({ pid }) => [pid, watched.get(pid)!.baseline!]));
    },
  };
}
