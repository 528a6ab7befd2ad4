/**
 * Tells a lane that has grown for good (a leak, a fragmented heap) from one that is large because its batches are:
 * windows of time are compared in which it worked. What it held at most in its first one is its baseline; a later one in
 * which it never fell below a multiple of that is growth, whether it idled between batches or not.
 */

export interface LaneSize {
  readonly pid: number;
  readonly ownBytes: number;
  /** Batches finished since its start. */
  readonly done: number;
}

export interface LaneGrowth {
  /** Looks at all lanes. Returns those that have grown for good, by pid, with their baselines in bytes. */
  look(lanes: readonly LaneSize[]): Map<number, number>;
}

interface Watched {
  since: number;
  least: number;
  most: number;
  doneBefore: number;
  baseline: number | null;
}

/** Growth below this is not worth a restart, whatever the factor: loading costs seconds. */
const LEAST_GROWTH = 64 * 1024 * 1024;

export function createLaneGrowth(deps: {
  /** Of the baseline. */
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
