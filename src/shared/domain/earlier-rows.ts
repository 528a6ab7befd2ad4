/** What a delta job knows of the rows of a block: which results exist in the earlier output, and why others do not. */
import { z } from 'zod';

/** Why a row of a delta job is computed. `failed`: it failed in the earlier output. */
export const COMPUTED_BECAUSE = ['new', 'changed', 'failed'] as const;
export type ComputedBecause = (typeof COMPUTED_BECAUSE)[number];

/** What the earlier output has for a row. `index`: the number that the row has there. */
export type EarlierRow =
  | { readonly is: 'taken'; readonly part: number; readonly hash: string; readonly index: number }
  | { readonly is: ComputedBecause };

/** Consecutive rows of a block that are consecutive in the earlier output, too. */
export interface TakenRun {
  /** Position of the first one in the block. */
  readonly at: number;
  readonly count: number;
  /** The number of the earlier part, and its SHA-256. For a compacted output, see EarlierRecord. */
  readonly part: number;
  readonly hash: string;
  /** Index of the first one in the earlier output. */
  readonly index: number;
}

export interface EarlierRows {
  readonly taken: readonly TakenRun[];
  /** The other rows, by the reason why they are computed. */
  readonly computed: Readonly<Record<ComputedBecause, number>>;
}

export function gatherEarlier(rows: readonly EarlierRow[]): EarlierRows {
  const taken: { -readonly [Key in keyof TakenRun]: TakenRun[Key] }[] = [];
  const computed = { new: 0, changed: 0, failed: 0 };
  for (const [at, row] of rows.entries()) {
    if (row.is !== 'taken') {
      computed[row.is] += 1;
      continue;
    }
    const last = taken.at(-1);
    const follows =
      last !== undefined &&
      last.at + last.count === at &&
      last.part === row.part &&
      last.hash === row.hash &&
      last.index + last.count === row.index;
    if (follows) last.count += 1;
    else taken.push({ at, count: 1, part: row.part, hash: row.hash, index: row.index });
  }
  return { taken, computed };
}

const COUNT = z.int().min(0);
/** Counts by reason, then each earlier part with its runs: `[position, rows, index there]`. */
const ENCODED = z.tuple([
  z.tuple([COUNT, COUNT, COUNT]),
  z.array(z.tuple([COUNT, z.string(), z.array(z.tuple([COUNT, COUNT, COUNT]))])),
]);

export function encodeEarlier({ taken, computed }: EarlierRows): z.infer<typeof ENCODED> {
  const parts = new Map<string, z.infer<typeof ENCODED>[1][number]>();
  for (const { at, count, part, hash, index } of taken) {
    const key = `${part} ${hash}`;
    const known = parts.get(key);
    if (known === undefined) parts.set(key, [part, hash, [[at, count, index]]]);
    else known[2].push([at, count, index]);
  }
  return [[computed.new, computed.changed, computed.failed], [...parts.values()]];
}

export function decodeEarlier(value: unknown): EarlierRows {
  const [[fresh, changed, failed], parts] = ENCODED.parse(value);
  return {
    computed: { new: fresh, changed, failed },
    taken: parts.flatMap(([part, hash, runs]) =>
      runs.map(([at, count, index]) => ({ at, count, part, hash, index })),
    ),
  };
}

/** What a block adds to the counts of a delta job. `taken`: rows whose results were taken over, if known. */
export function deltaStats(
  earlier: EarlierRows | undefined,
  taken?: number,
): Readonly<Record<string, number>> {
  if (earlier === undefined) return {};
  const planned = takenCount(earlier);
  const { computed } = earlier;
  return {
    delta_taken: taken ?? planned,
    delta_new: computed.new,
    // If a part is gone, its rows count as changed.
    delta_changed: computed.changed + planned - (taken ?? planned),
    delta_failed: computed.failed,
  };
}

/** The number of rows whose results are taken over. */
export function takenCount({ taken }: EarlierRows): number {
  return taken.reduce((sum, { count }) => sum + count, 0);
}
