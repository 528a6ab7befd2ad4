/** Counts which rows of a delta job would be computed. Stops after a while, because a plan must answer soon. */
import type { DatasetSource } from '../../shared/datasets/source.ts';
import { gatherEarlier, takenCount, type EarlierRows } from '../../shared/domain/earlier-rows.ts';

export interface DeltaLook {
  /** If rows are compared by content, some of these may have changed. */
  readonly taken: number;
  readonly computed: { readonly new: number; readonly changed: number; readonly failed: number };
  /** Whether all rows were counted. */
  readonly whole: boolean;
}

const MOST_MS = 3_000;

/** Rows of a slice. */
const SLICE_ROWS = 1_024;

/** Rejects with the errors of the source. */
export async function lookAtDelta(
  source: DatasetSource,
  limit: number | null,
  now: () => number = () => performance.now(),
): Promise<DeltaLook> {
  const startedAt = now();
  const counts = { taken: 0, new: 0, changed: 0, failed: 0 };
  for await (const earlier of earlierRowsOf(source, limit ?? Infinity)) {
    if (now() - startedAt > MOST_MS) {
      const { taken, ...computed } = counts;
      return { taken, computed, whole: false };
    }
    counts.taken += takenCount(earlier);
    for (const [why, rows] of Object.entries(earlier.computed))
      counts[why as keyof EarlierRows['computed']] += rows;
  }
  const { taken, ...computed } = counts;
  return { taken, computed, whole: true };
}

async function* earlierRowsOf(source: DatasetSource, limit: number): AsyncGenerator<EarlierRows> {
  const { signal } = new AbortController();
  if (source.slices !== undefined) {
    const sizeAt = (row: number) => Math.min(SLICE_ROWS, limit - row);
    for await (const { earlier } of source.slices(null, sizeAt, signal)) if (earlier) yield earlier;
    return;
  }
  let rows = 0;
  for await (const { earlier } of source.read(null, signal)) {
    if (rows === limit) return;
    rows += 1;
    if (earlier) yield gatherEarlier([earlier]);
  }
}
