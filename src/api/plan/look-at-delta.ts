/** Counts which rows of a delta job would be computed. Stops after a while, because a plan must answer soon. */
import type { DatasetSource } from '../../shared/datasets/source.ts';

export interface DeltaLook {
  readonly taken: number;
  readonly computed: { readonly new: number; readonly changed: number; readonly failed: number };
  /** Whether all rows were counted. */
  readonly whole: boolean;
}

const MOST_MS = 3_000;

/** Rejects with the errors of the source. */
export async function lookAtDelta(
  source: DatasetSource,
  limit: number | null,
  now: () => number = () => performance.now(),
): Promise<DeltaLook> {
  const startedAt = now();
  const counts = { taken: 0, new: 0, changed: 0, failed: 0 };
  let rows = 0;
  let whole = true;
  for await (const { earlier } of source.read(null, new AbortController().signal)) {
    if (rows === limit) break;
    if (now() - startedAt > MOST_MS) {
      whole = false;
      break;
    }
    rows += 1;
    if (earlier) counts[earlier.is] += 1;
  }
  const { taken, ...computed } = counts;
  return { taken, computed, whole };
}
