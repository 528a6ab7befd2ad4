/** The settings that are worth trying on a machine. Pure. */
import type { LaneSettings } from '../../../shared/profiles/profile.ts';
import { axesOf } from './axes.ts';
import type { Axis } from '../search/search.ts';
import { nearestShape, shapesOf, type ShapeLimits } from './shapes.ts';
import { nearest, powersOfTwo, sorted } from './values.ts';

export interface SpaceLimits extends ShapeLimits {
  /** Largest batch to try. */
  readonly maxBatch: number;
  /** The graph's fixed batch. Null if it takes batches of any size. */
  readonly fixedBatch: number | null;
  /** Values that are given by the config or by the user. Only these are tried. */
  readonly batches?: readonly number[] | undefined;
  readonly decodeThreads?: readonly number[] | undefined;
}

export interface Space {
  readonly start: LaneSettings;
  readonly axes: readonly Axis<LaneSettings>[];
  /** Every configuration, in an order in which neighbours can share lanes. */
  readonly all: readonly LaneSettings[];
}

/** Up to this many decode threads are tried, even on a machine with fewer cores. */
const MOST_DECODE_THREADS = 4;

/** `formula`: the settings that workers use without a profile. The start is the point nearest to them. */
export function createSpace(limits: SpaceLimits, formula: LaneSettings): Space {
  const batches = sorted(
    limits.batches ??
      (limits.fixedBatch === null
        ? [...powersOfTwo(limits.maxBatch), formula.batch_size]
        : multiplesOf(limits.fixedBatch, limits.maxBatch)),
  );
  const decodes = sorted(
    limits.decodeThreads ?? [
      ...powersOfTwo(Math.max(limits.cpus, MOST_DECODE_THREADS)),
      formula.decode_threads,
    ],
  );
  const shapes = shapesOf(limits, formula);
  const shape = nearestShape(shapes, formula);
  const start: LaneSettings = {
    ...shape,
    batch_size: nearest(batches, formula.batch_size),
    decode_threads: nearest(decodes, formula.decode_threads),
  };
  const all = shapes.flatMap((one) =>
    decodes.flatMap((decode_threads) =>
      batches.map((batch_size) => ({ ...one, batch_size, decode_threads })),
    ),
  );
  return { start, all, axes: axesOf(shapes, batches, decodes, limits.cpus) };
}

/** Batches of whole calls, for a graph that fixes the rows of a call. */
function multiplesOf(fixedBatch: number, most: number): number[] {
  return powersOfTwo(Math.max(1, most / fixedBatch)).map((calls) => calls * fixedBatch);
}
