/** The lines on which the search walks through the space. Pure. */
import type { LaneSettings } from '../../../shared/profiles/profile.ts';
import type { Axis } from '../search/search.ts';
import type { Shape } from './shapes.ts';
import { nearest } from './values.ts';

/** A shape uses the cores fully if it uses at least this share of what the best one uses. */
const RIDGE_USE = 0.9;

/**
 * Axes that usually gain the most come first: lanes with the threads that keep all cores in use, then batch size, then
 * decode threads, threads and lanes, each alone.
 */
export function axesOf(
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
 * The settings that keep all cores in use, from a few lanes with many threads to many lanes with one. More lanes mean fewer
 * decode threads per lane, too. A search that changes only one of the three numbers leaves some cores idle or overloads
 * them. For its own number of lanes, the current point is used as it is.
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

/** For each number of lanes, the shape with the most threads, if it uses the cores fully. */
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
