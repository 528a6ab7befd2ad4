/** The pairs of lanes and threads that are worth trying on a machine. Pure. */
import type { LaneSettings } from '../../../shared/profiles/profile.ts';
import { powersOfTwo, sorted } from './values.ts';

export type Shape = Pick<LaneSettings, 'lanes' | 'threads_per_lane'>;

export interface ShapeLimits {
  readonly cpus: number;
  /** Values that the config or the user gives. Only these are tried. */
  readonly lanes?: readonly number[] | undefined;
  readonly threads?: readonly number[] | undefined;
}

/**
 * All shapes that fit the cores, and given values even if they do not. Also the formula's shape, and a shape with one
 * more lane than there are cores, unless given values exclude them.
 */
export function shapesOf({ cpus, lanes, threads }: ShapeLimits, formula: LaneSettings): Shape[] {
  const shapes: Shape[] = [];
  const counts = steps(cpus);
  for (const n of sorted(lanes ?? counts)) {
    for (const t of sorted(threads ?? [...counts, Math.max(1, Math.floor(cpus / n))])) {
      // A given value is tried even if it exceeds the cores. The other setting then has its given values, or else 1.
      const isGiven = (lanes !== undefined || n === 1) && (threads !== undefined || t === 1);
      if (n * t <= cpus || isGiven) shapes.push({ lanes: n, threads_per_lane: t });
    }
  }
  // One lane more than cores fills the gaps that reading and answering leave.
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
  const unique = new Map(shapes.map((shape) => [keyOf(shape), shape]));
  return [...unique.values()].toSorted(
    (a, b) => a.lanes - b.lanes || a.threads_per_lane - b.threads_per_lane,
  );
}

export function nearestShape(shapes: readonly Shape[], wanted: Shape): Shape {
  const distance = (shape: Shape) =>
    Math.abs(Math.log(shape.lanes / wanted.lanes)) * 2 +
    Math.abs(Math.log(shape.threads_per_lane / wanted.threads_per_lane));
  return shapes.reduce((best, shape) => (distance(shape) < distance(best) ? shape : best));
}

/** 1, 2, 3, 4, 6, 8, 12, 16, ... up to and including `max`: finer than doubling, coarser than counting. */
function steps(max: number): number[] {
  const values = [...powersOfTwo(max), ...powersOfTwo(max / 3).map((n) => n * 3), max];
  return sorted(values);
}
