/** The segments of one image while its pixels come in. */
import { createRunLengths, type RunLengths } from './run-lengths.ts';

export interface Segment {
  readonly label: number;
  readonly runs: RunLengths;
  /** Sum of the scores of the segment's pixels. */
  total: number;
}

export interface SegmentList {
  /** Adds a run of `length` pixels of a class. Pixels are numbered column by column. `total`: the sum of their scores. */
  add(label: number, start: number, length: number, total: number): void;
  /** The largest first. */
  sorted(): readonly Segment[];
}

/** Classes in `ignored` are left out. */
export function createSegmentList(ignored: ReadonlySet<number>): SegmentList {
  const byLabel = new Map<number, Segment | null>();
  let latest: Segment | null = null;

  function find(label: number): Segment | null {
    if (latest?.label === label) return latest;
    let found = byLabel.get(label);
    if (found === undefined) {
      found = ignored.has(label) ? null : { label, runs: createRunLengths(), total: 0 };
      byLabel.set(label, found);
    }
    if (found !== null) latest = found;
    return found;
  }

  return {
    add(label, start, length, total) {
      const segment = find(label);
      if (segment === null) return;
      segment.runs.add(start, length);
      segment.total += total;
    },
    sorted: () =>
      [...byLabel.values()]
        .filter((segment) => segment !== null)
        .sort((a, b) => b.runs.area - a.runs.area || a.label - b.label),
  };
}
