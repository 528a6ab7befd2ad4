/** Counts what a listing leaves out, in constant memory. Continues the counts of an earlier reading. */
import { NOTHING_SKIPPED, type SkipReason, type Skipped } from '../domain/skipped.ts';
import { shortened } from '../text/shortened.ts';

export interface SkippedCounter {
  add(reason: SkipReason, id: string): void;
  /** The counts up to now. The returned value never changes. */
  total(): Skipped;
}

/** Names kept per reason, and their length. Both are small because the counts are stored with the cursor of a job. */
const NAMES = 3;
const NAME_CHARS = 200;

export function createSkippedCounter(before: Skipped = NOTHING_SKIPPED): SkippedCounter {
  let total = before;
  const counts = new Map(Object.entries(before).map(([reason, { count }]) => [reason, count]));
  const names = new Map(Object.entries(before).map(([reason, { first }]) => [reason, [...first]]));
  let changed = false;

  return {
    add(reason, id) {
      changed = true;
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
      const known = names.get(reason);
      if (!known) names.set(reason, [shortened(id, NAME_CHARS)]);
      else if (known.length < NAMES) known.push(shortened(id, NAME_CHARS));
    },
    total() {
      if (!changed) return total;
      changed = false;
      total = Object.fromEntries(
        [...counts].map(([reason, count]) => [reason, { count, first: [...(names.get(reason) ?? [])] }]),
      );
      return total;
    },
  };
}
