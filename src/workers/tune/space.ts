/**
 * The settings that are worth trying on a machine, and the lines on which the search walks through them. Pure.
 * Levers in GUIDE order: parallelism of stages first, then batch size, then concurrency inside a stage.
 */
import type { LaneSettings } from '../../shared/profiles/profile.ts';
import { settingsKey } from '../../shared/profiles/profile.ts';
import type { Axis, Change } from './search.ts';

export interface SpaceLimits {
  readonly cpus: number;
  /** Largest batch to try. */
  readonly maxBatch: number;
  /** The graph's own batch; null when dynamic. */
  readonly fixedBatch: number | null;
  /** Values that are given: by the config, or by the user who wants to try only these. */
  readonly lanes?: readonly number[] | undefined;
  readonly threads?: readonly number[] | undefined;
  readonly batches?: readonly number[] | undefined;
  readonly decodeThreads?: readonly number[] | undefined;
}

export interface Space {
  readonly start: LaneSettings;
  readonly axes: readonly Axis<LaneSettings>[];
  /** Every configuration, ordered so that neighbours can share lanes. */
  readonly all: readonly LaneSettings[];
}

/** Also beyond the cores of a small machine: reading waits. */
const MOST_DECODE_THREADS = 4;
/** A shape of the ridge uses this much of the cores that the best one uses. */
const RIDGE_USE = 0.9;

/** `start`: what the formulas choose; it is part of the space, moved to the nearest allowed values. */
export function createSpace(limits: SpaceLimits, formula: LaneSettings): Space {
  const batches = sorted(
    limits.batches ??
      (limits.fixedBatch === null
        ? [...powersOfTwo(limits.maxBatch), formula.batch_size]
        : [limits.fixedBatch]),
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

type Shape = Pick<LaneSettings, 'lanes' | 'threads_per_lane'>;

function axesOf(
  shapes: readonly Shape[],
  batches: readonly number[],
  decodes: readonly number[],
  cpus: number,
): Axis<LaneSettings>[] {
  const ridge = ridgeOf(shapes, cpus);
  return [
    (point) => ridgeThrough(point, ridge, decodes),
    (point) => batches.map((batch_size) => ({ ...point, batch_size })),
    (point) => decodes.map((decode_threads) => ({ ...point, decode_threads })),
    (point) =>
      shapes
        .filter(({ lanes }) => lanes === point.lanes)
        .toSorted((a, b) => a.threads_per_lane - b.threads_per_lane)
        .map((shape) => ({ ...point, ...shape })),
    (point) =>
      shapes
        .filter(({ threads_per_lane }) => threads_per_lane === point.threads_per_lane)
        .toSorted((a, b) => a.lanes - b.lanes)
        .map((shape) => ({ ...point, ...shape })),
  ];
}

/**
 * All cores in use, from few lanes of many threads to many lanes; what decodes is shared out likewise. Changing
 * one of them alone would leave the ridge. The point itself takes its lanes' place.
 */
function ridgeThrough(
  point: LaneSettings,
  ridge: readonly Shape[],
  decodes: readonly number[],
): LaneSettings[] {
  const others = ridge
    .filter(({ lanes }) => lanes !== point.lanes)
    .map((shape) => ({
      ...point,
      ...shape,
      decode_threads: nearest(decodes, (point.decode_threads * point.lanes) / shape.lanes),
    }));
  return [...others, point].toSorted((a, b) => a.lanes - b.lanes);
}

/** For each number of lanes the most threads, where that uses the cores. */
function ridgeOf(shapes: readonly Shape[], cpus: number): Shape[] {
  const most = new Map<number, Shape>();
  for (const shape of shapes) {
    const known = most.get(shape.lanes);
    if (!known || known.threads_per_lane < shape.threads_per_lane) most.set(shape.lanes, shape);
  }
  const use = ({ lanes, threads_per_lane }: Shape) => Math.min(cpus, lanes * threads_per_lane);
  const full = Math.max(...[...most.values()].map(use));
  return [...most.values()].filter((shape) => use(shape) >= full * RIDGE_USE);
}

/** Pairs of lanes and threads that fit the cores, and one with a lane more than cores. */
function shapesOf({ cpus, lanes, threads }: SpaceLimits, formula: LaneSettings): Shape[] {
  const shapes: Shape[] = [];
  const counts = steps(cpus);
  for (const n of sorted(lanes ?? counts)) {
    for (const t of sorted(threads ?? [...counts, Math.max(1, Math.floor(cpus / n))])) {
      // Values that were asked for are tried whatever the cores say.
      const fits = n * t <= cpus || (lanes !== undefined && (threads !== undefined || t === 1));
      if (fits) shapes.push({ lanes: n, threads_per_lane: t });
    }
  }
  // A lane more than cores fills the gaps that reading and answering leave.
  if (lanes === undefined && (threads ?? [1]).includes(1)) {
    shapes.push({ lanes: cpus + 1, threads_per_lane: 1 });
  }
  const keyOf = (shape: Shape) => `${shape.lanes}x${shape.threads_per_lane}`;
  const formulaFits = (lanes ?? [formula.lanes]).includes(formula.lanes);
  const threadsFit = (threads ?? [formula.threads_per_lane]).includes(formula.threads_per_lane);
  if (formulaFits && threadsFit) {
    const { lanes: n, threads_per_lane } = formula;
    shapes.push({ lanes: n, threads_per_lane });
  }
  if (shapes.length === 0) for (const t of threads ?? [1]) shapes.push({ lanes: 1, threads_per_lane: t });
  const unique = new Map(shapes.map((shape) => [keyOf(shape), shape]));
  return [...unique.values()].toSorted(
    (a, b) => a.lanes - b.lanes || a.threads_per_lane - b.threads_per_lane,
  );
}

/** 1, 2, 3, 4, 6, 8, 12, 16, ... up to and with `max`: finer than doubling, coarser than counting. */
function steps(max: number): number[] {
  const values = [...powersOfTwo(max), ...powersOfTwo(max / 3).map((n) => n * 3), max];
  return sorted(values);
}

function powersOfTwo(max: number): number[] {
  const values: number[] = [];
  for (let n = 1; n <= max; n *= 2) values.push(n);
  return values;
}

function sorted(values: readonly number[]): number[] {
  return [...new Set(values)].toSorted((a, b) => a - b);
}

/** On the scale of ratios. */
function nearest(values: readonly number[], wanted: number): number {
  const distance = (value: number) => Math.abs(Math.log(value / wanted));
  return values.reduce((best, value) => (distance(value) < distance(best) ? value : best));
}

function nearestShape(shapes: readonly Shape[], wanted: Shape): Shape {
  const distance = (shape: Shape) =>
    Math.abs(Math.log(shape.lanes / wanted.lanes)) * 2 +
    Math.abs(Math.log(shape.threads_per_lane / wanted.threads_per_lane));
  return shapes.reduce((best, shape) => (distance(shape) < distance(best) ? shape : best));
}

/** The settings in which two points differ. Lanes and threads are one: they share the cores. */
export function changesOf(point: LaneSettings, from: LaneSettings): Change<LaneSettings>[] {
  const { lanes, threads_per_lane, batch_size, decode_threads } = from;
  // Those that usually bring least first.
  const parts = { decode: { decode_threads }, batch: { batch_size }, shape: { lanes, threads_per_lane } };
  return Object.entries(parts)
    .filter(([, part]) => keyOf({ ...point, ...part }) !== keyOf(point))
    .map(([name, part]) => ({ name, takeBack: (other) => ({ ...other, ...part }) }));
}

/** How a configuration is told apart in maps. */
export const keyOf = settingsKey;
